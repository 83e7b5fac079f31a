"""Complete checkpoints of the family with tiny random weights, for tests and trial runs."""
