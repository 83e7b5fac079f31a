"""Clocks of a session: seconds since it began, on the event loop's monotonic clock, and the clock of its sound."""

from __future__ import annotations

import asyncio


class SessionClock:
    """Seconds since it was made, on a running event loop; a virtual loop gives virtual time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()

    def now(self) -> float:
        return self._loop.time() - self._zero


class SoundClock:
    """Maps the time of a sound stream to the session clock.

    Sound is timed by its sample count; the least delayed chunk so far sets the offset of sample 0.
    """

    def __init__(self) -> None:
        self._offset: float | None = None

    def arrived(self, end_s: float, now: float) -> None:
        """Takes note of a chunk that ends at `end_s` of its stream and arrived at `now`."""
        offset = now - end_s
        if self._offset is None or offset < self._offset:
            self._offset = offset

    def at(self, stream_s: float) -> float:
        return stream_s + (self._offset or 0.0)
