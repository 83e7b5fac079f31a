"""Clients of realtime servers: one translator a dialect, and the socket that carries it."""
