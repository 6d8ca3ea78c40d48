"""Faults of the services and of the machine; what a fault is and how one is tried: `reliability.faults.trial`."""
