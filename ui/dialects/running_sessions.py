"""The running sessions that a trusted server may attach to: it watches and steers what a page or a telephone holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ui.dialects.connection import DialectConnection
from ui.openai.api_keys import ApiKey


class RunningSessions:
    """By id. A session is found with the key that it was made with."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[DialectConnection, ApiKey]] = {}

    @contextmanager
    def holding(self, session_id: str, connection: DialectConnection, key: ApiKey) -> Iterator[None]:
        """Can be attached to inside the block."""
        self._running[session_id] = connection, key
        try:
            yield
        finally:
            del self._running[session_id]

    def find(self, session_id: str, key: ApiKey) -> DialectConnection | None:
        connection, owner = self._running.get(session_id, (None, None))
        return connection if owner is key else None
