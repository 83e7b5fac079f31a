"""The gate of requests."""

from __future__ import annotations

import asyncio

import pytest

from dialogue.errors import Busy
from ui.openai.served_models import RequestGate


def test_requests_wait_and_then_are_refused() -> None:
    asyncio.run(filled_gate())


async def filled_gate() -> None:
    gate, release, entered = RequestGate(running=1, waiting=1), asyncio.Event(), list[int]()

    async def request(number: int) -> None:
        async with gate.entered():
            entered.append(number)
            await release.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(request(1))
        waiting = tasks.create_task(request(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="again"):
            await request(3)
        assert entered == [1]
        waiting.cancel()
        await asyncio.wait({waiting})
        late = tasks.create_task(request(4))
        release.set()
    assert late.done()
    assert entered == [1, 4]
