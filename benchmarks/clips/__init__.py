"""Clips drawn for benchmarks/keyframes.py: what a camera sees, and questions with what their answers must hold."""
