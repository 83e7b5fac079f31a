"""Looks at one picture with all of the models, and keeps the scene that several looks make."""
