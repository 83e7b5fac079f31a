"""Connections of realtime dialects: sessions of the server behind the protocols of other clients."""
