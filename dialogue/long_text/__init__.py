"""Texts longer than a model's context: split, read part by part into records, and reduced to one answer."""
