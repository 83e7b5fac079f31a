"""Questions about what left the context, and their answers from the log."""
