"""Checkpoints of the MiniCPM family: kinds, expected tensors, inspection, loading."""
