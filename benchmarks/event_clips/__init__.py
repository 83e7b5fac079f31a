"""Clips in which things happen at known times, for benchmarks/watching.py and benchmarks/narration.py."""
