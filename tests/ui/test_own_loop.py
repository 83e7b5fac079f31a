"""A loop of our own, used from threads, from other loops, and ended while busy."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ui.own_loop import OwnLoop


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_work_runs_on_its_thread_from_anywhere() -> None:
    loop = OwnLoop("mine")

    async def inside_another_loop() -> tuple[str, str]:
        return loop.run(where()), await asyncio.wrap_future(loop.submit(where()))

    assert loop.run(where()) == "mine"
    assert asyncio.run(inside_another_loop()) == ("mine", "mine")
    loop.close()


def test_errors_come_back() -> None:
    async def fail() -> None:
        raise LookupError("lost")

    loop = OwnLoop("mine")
    with pytest.raises(LookupError, match="lost"):
        loop.run(fail())
    loop.close()


def test_closing_ends_what_is_at_work() -> None:
    loop = OwnLoop("mine")
    began, ended = threading.Event(), threading.Event()

    async def long() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    loop.submit(long())
    assert began.wait(10)
    loop.close()
    loop.close()
    assert ended.is_set()
