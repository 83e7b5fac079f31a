"""The compiled decode step: its source, its build, and its loader."""
