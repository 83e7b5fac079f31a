"""Up to which camera frame the scene is known: with its objects and texts, and with its texts alone."""

from __future__ import annotations

import asyncio

_NEVER = -1.0


class KnownFrames:
    """The frames of one session. Times are capture times, on the session clock."""

    def __init__(self) -> None:
        self._looked_at = self._read_at = _NEVER
        self._more = asyncio.Event()

    @property
    def any(self) -> bool:
        """Whether a frame is known with its objects and texts."""
        return self._looked_at > _NEVER

    def looked(self, at: float) -> None:
        """All of the frame of this time is known."""
        self._looked_at = at
        self._more.set()

    def read(self, at: float) -> None:
        """The texts of the frame of this time are known."""
        self._read_at = at
        self._more.set()

    def forget(self) -> None:
        """The camera is lost: nothing is known of what it will show."""
        self._looked_at = self._read_at = _NEVER

    async def wait(self, since: float, patience_s: float, *, texts: bool) -> None:
        """Waits until a frame taken after `since` is known, of which `texts` alone count, or for `patience_s`."""
        try:
            async with asyncio.timeout(patience_s):
                while not self._is_known(since, texts):
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            pass

    def _is_known(self, since: float, texts: bool) -> bool:
        return self._looked_at >= since or (texts and self._read_at >= since)
