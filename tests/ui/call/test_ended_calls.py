"""Ended calls give back their threads and their memory at once, not at some later collection of garbage."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from pathlib import Path

import pytest

from tests.ui.call.test_call import run, until
from tests.ui.caller import Caller, House, house
from ui.call.call import Call

CALLS = 5


def threads() -> int:
    """All threads of this process, those of codecs too, but for the event loop's own workers, which are kept."""
    kept = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    return len(os.listdir("/proc/self/task")) - kept


async def one_call(server: House) -> weakref.ref[Call]:
    async with Caller(server.client) as caller:
        await caller.call()
        [session] = server.sessions
        await until(lambda: bool(session.saw()) and len(caller.sound) > 5)
        call = weakref.ref(server.calls._running[caller.session].call)
        caller.send({"type": "bye"})
        await caller.message("bye")
    server.sessions.clear()
    server.opened.clear()
    return call


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_threads_and_objects_of_ended_calls_are_gone_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            await one_call(server)
            await until(lambda: not server.calls._running)
            await until(lambda: server.calls._reclaim.idle)
            at_rest = threads()
            gc.disable()  # whatever is freed now is freed by the server
            try:
                calls = [await one_call(server) for _ in range(CALLS)]
                await until(lambda: not server.calls._running)
                await until(lambda: all(call() is None for call in calls))
                await until(lambda: threads() <= at_rest)
            finally:
                gc.enable()

    run(story())
