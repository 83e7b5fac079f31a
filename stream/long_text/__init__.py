"""Reads texts of any length with an engine: finds the passages that bear on a question, or reads part after part."""
