"""Samples of public benchmarks, made here in their formats."""
