"""Frame choice: what each frame of a camera is used for."""
