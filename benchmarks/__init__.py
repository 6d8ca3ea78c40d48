"""What the program costs, measured here and now; ``python -m benchmarks``."""
