"""Pictures as numbers: frame choice, detection, reading, the scene table."""
