"""The harness that tries: kills, power cuts, faults, fuzzing, months of service, and a search for secrets.

``python -m reliability`` runs it; what it tried and what was lost goes into ``doc/reliability.md``.
"""
