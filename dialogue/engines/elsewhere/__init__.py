"""Engines whose models run on a server: a chat server, or a realtime server."""
