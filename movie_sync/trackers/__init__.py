"""Trackers: where releases come from. Each is one file; FileList.io is the first."""
