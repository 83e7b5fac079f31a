"""Lines from a terminal or a pipe, one at a time, without keeping the event loop or the program's end waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import TextIO

END = None


async def typed_lines(file: TextIO, prompt: Callable[[], None]) -> AsyncIterator[str]:
    """Until the end of `file`. `prompt` is called whenever a line is waited for."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1)
    wanted = threading.Semaphore(0)

    def read() -> None:
        # A daemon: nobody can wake a thread that waits for a keyboard, so the program ends without it.
        while wanted.acquire():
            line = file.readline()
            if loop.is_closed():
                return
            loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\n") if line else END)
            if not line:
                return

    threading.Thread(target=read, name="keyboard", daemon=True).start()
    while True:
        prompt()
        wanted.release()
        line = await lines.get()
        if line is END:
            return
        yield line
