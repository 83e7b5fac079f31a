"""Realtime dialects: translators between session events and JSON, and the outbox of a connection."""
