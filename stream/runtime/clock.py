"""The session clock: seconds since the session began, on the event loop's monotonic clock."""

from __future__ import annotations

import asyncio


class SessionClock:
    """Made on a running event loop; under a virtual loop it is virtual."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()

    def now(self) -> float:
        return self._loop.time() - self._zero


class SoundClock:
    """Where a stream of sound lies on the session clock.

    Sound is timed by its sample count; the least delayed chunk so far tells where sample 0 belongs.
    """

    def __init__(self) -> None:
        self._offset: float | None = None

    def arrived(self, end_s: float, now: float) -> None:
        """A chunk that ends at `end_s` on its own clock came in at `now`."""
        offset = now - end_s
        if self._offset is None or offset < self._offset:
            self._offset = offset

    def at(self, stream_s: float) -> float:
        return stream_s + (self._offset or 0.0)
