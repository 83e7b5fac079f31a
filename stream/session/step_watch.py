"""Stage: ends the session when a step of a model that it needs does not return.

A native computation cannot be stopped; the thread that runs it is lost to every session until it returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dialogue.errors import EngineLost
from stream.runtime.device_thread import DeviceThread

STEP_LIMIT_S = 30.0  # no step of a live call is useful after this long
CHECK_EVERY_S = 1.0


class StepWatch:
    """Watches the threads that one session needs."""

    def __init__(self, threads: Sequence[DeviceThread], limit_s: float = STEP_LIMIT_S) -> None:
        self._threads, self._limit_s = threads, limit_s

    async def run(self) -> None:
        """Runs until cancelled. Raises EngineLost."""
        while True:
            await asyncio.sleep(min(CHECK_EVERY_S, self._limit_s))
            for thread in self._threads:
                if thread.busy_s > self._limit_s:
                    raise EngineLost(
                        f"The model's step on the thread {thread.name} has not returned within {self._limit_s:g} s."
                    )
