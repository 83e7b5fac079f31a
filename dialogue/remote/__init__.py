"""The client of OpenAI-compatible chat servers: messages to send, and replies read within bounds."""
