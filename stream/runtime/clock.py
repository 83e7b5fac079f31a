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


WINDOW_S = 10.0  # a sound card that is 100 ppm off gains or loses 1 ms in this time


class SoundClock:
    """Maps the time of a sound stream to the session clock.

    Sound is timed by its sample count; the least delayed chunk of the last WINDOW_S to 2 WINDOW_S sets the offset of
    sample 0, which follows a sound card whose clock differs.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._least = float("inf")  # in the current window
        self._since = 0.0

    def arrived(self, end_s: float, now: float) -> None:
        """Takes note of a chunk that ends at `end_s` of its stream and arrived at `now`."""
        offset = now - end_s
        self._least = min(self._least, offset)
        if now - self._since > WINDOW_S:
            self._offset, self._least, self._since = self._least, offset, now
        if self._offset is None or offset < self._offset:
            self._offset = offset

    def at(self, stream_s: float) -> float:
        return stream_s + (self._offset or 0.0)
