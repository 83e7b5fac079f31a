"""The parts of `benchmarks/barge_in.py`: long replies, what is said over them, and what the listener heard."""
