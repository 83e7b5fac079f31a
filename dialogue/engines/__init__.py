"""Engines: one file each, their settings, and the registry that names them."""
