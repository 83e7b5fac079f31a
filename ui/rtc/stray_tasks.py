"""aiortc starts tasks that nobody awaits; when a browser vanishes they fail, and asyncio complains with tracebacks.

Only failures of tasks whose code is aiortc's or aioice's are taken here: a line in the log and a count, since the
call itself notices by its own means. Everybody else's are reported as ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

log = logging.getLogger(__name__)

THEIRS = frozenset({"aiortc", "aioice", "pyee"})


def _is_theirs(task: object) -> bool:
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    code = getattr(coroutine, "cr_code", None)
    return code is not None and not THEIRS.isdisjoint(PurePath(code.co_filename).parts)


@contextmanager
def stray_tasks_reported(on_stray: Callable[[], None]) -> Iterator[None]:
    """For the running loop, for the length of a block: `on_stray` is called for each task of theirs that failed."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if _is_theirs(context.get("task") or context.get("future")):
            error = context.get("exception")
            level = logging.DEBUG if isinstance(error, ConnectionError) else logging.WARNING
            log.log(level, "a task inside the WebRTC library failed: %r", error)
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
