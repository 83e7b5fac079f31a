"""The compiled decode step: its source, build, loader, pace, and what is kept beside a model file."""
