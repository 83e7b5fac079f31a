"""The compiled decode step: its source, build, loader and packed weights."""
