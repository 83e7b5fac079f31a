"""Stage: keeps the event log of one call in the memory file, writes it to the disk, and reports when that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from dialogue.engine import Engine
from dialogue.memory.event_log import EventLog, Remembers
from dialogue.memory.kept_memory import KeptMemory
from dialogue.memory.log_file import connected
from stream.models.setup import Setup
from stream.runtime.events import Notice
from stream.runtime.link import Link

# What a power failure may cost, and how large the write-ahead log grows.
WRITE_EVERY_S = 60.0


class Remembering:
    """The memory of one call in the file `path`. Raises BadInput where that cannot be used."""

    def __init__(self, path: Path, link: Link, clock: Callable[[], datetime] = datetime.now) -> None:
        self._memory, self._link = KeptMemory(path), link
        # The last connection that closes waits for the disk: this one, in `close`.
        self._open = connected(path)
        self.log = EventLog(path, began=clock() - timedelta(seconds=link.now()))

    async def run(self) -> None:
        """Runs until cancelled."""
        reported = False
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await asyncio.to_thread(self._memory.checkpoint)
            if self.log.fault and not reported:
                reported = True
                self._link.emit(
                    Notice(
                        "warning",
                        "memory_lost",
                        f"The memory file cannot be written ({self.log.fault}): what is said now is not remembered. "
                        "Free some space, then start the call again.",
                    )
                )

    async def close(self) -> None:
        """Writes the rest to the disk. The engine has closed the log."""
        await asyncio.to_thread(self._open.close)


def opened_remembering(engine: Engine, setup: Setup, link: Link) -> Remembering | None:
    """Where calls are remembered and the engine has a log of words."""
    if setup.remember is None or not isinstance(engine, Remembers):
        return None
    remembering = Remembering(setup.remember, link)
    engine.remember(remembering.log)
    return remembering
