"""An asyncio event that any thread may set."""

from __future__ import annotations

import asyncio


class ThreadSignal:
    """Wakes one task of the event loop on which it is made; several signals before it wakes count as one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self) -> None:
        """Safe from any thread, also after the loop has closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Returns at the next signal, or at once where one came since the last `wait`."""
        await self._event.wait()
        self._event.clear()
