"""Calls that benchmarks simulate or relay."""
