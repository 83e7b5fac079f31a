"""Chat with pictures and sound in the published formats: requests, history, context."""
