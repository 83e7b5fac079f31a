"""Reports failed background tasks of aiortc with one log line instead of a traceback.

aiortc starts tasks that it does not await; they fail when a browser disappears, which the call notices itself. Only
failures of tasks of aiortc, aioice and pyee are handled here; asyncio reports all others as usual.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

log = logging.getLogger(__name__)

LIBRARIES = frozenset({"aiortc", "aioice", "pyee"})


def _is_library_task(task: object) -> bool:
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    code = getattr(coroutine, "cr_code", None)
    return code is not None and not LIBRARIES.isdisjoint(PurePath(code.co_filename).parts)


@contextmanager
def stray_tasks_reported(on_stray: Callable[[], None]) -> Iterator[None]:
    """During the block, on the running loop: `on_stray` is called for each failed task of the libraries."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if _is_library_task(context.get("task") or context.get("future")):
            error = context.get("exception")
            level = logging.DEBUG if isinstance(error, ConnectionError) else logging.WARNING
            log.log(level, "A task of the WebRTC library failed: %r", error)
            on_stray()
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
