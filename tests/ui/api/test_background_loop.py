"""A background loop is used from threads and other loops, and closed while work runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from dialogue.errors import EngineLost
from ui.api.background_loop import BackgroundLoop


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_work_runs_on_its_thread_from_anywhere() -> None:
    loop = BackgroundLoop("mine")

    async def inside_another_loop() -> tuple[str, str]:
        return loop.run(where()), await asyncio.wrap_future(loop.submit(where()))

    assert loop.run(where()) == "mine"
    assert asyncio.run(inside_another_loop()) == ("mine", "mine")
    loop.close()


def test_errors_are_raised_in_the_caller() -> None:
    async def fail() -> None:
        raise LookupError("lost")

    loop = BackgroundLoop("mine")
    with pytest.raises(LookupError, match="lost"):
        loop.run(fail())
    loop.close()


def test_closing_cancels_running_work() -> None:
    loop = BackgroundLoop("mine")
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


class NumberSource:
    """Yields numbers, and records whether it was closed."""

    def __init__(self) -> None:
        self.closed, self.threads = False, set[str]()

    async def numbers(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(5):
                await asyncio.sleep(0)
                self.threads.add(threading.current_thread().name)
                yield number
        finally:
            self.closed = True


def test_items_are_computed_when_they_are_asked_for() -> None:
    loop, whole, left_off = BackgroundLoop("mine"), NumberSource(), NumberSource()
    assert list(loop.each(whole.numbers())) == [0, 1, 2, 3, 4]
    assert whole.closed and whole.threads == {"mine"}
    for number in (pieces := loop.each(left_off.numbers())):
        if number == 1:
            break
    assert not left_off.closed
    pieces.close()
    assert left_off.closed
    loop.close()


def test_items_can_be_read_inside_another_loop() -> None:
    loop, counting = BackgroundLoop("mine"), NumberSource()

    async def elsewhere() -> list[int]:
        return [number async for number in loop.aeach(counting.numbers())]

    assert asyncio.run(elsewhere()) == [0, 1, 2, 3, 4]
    assert counting.closed and counting.threads == {"mine"}
    loop.close()


def test_an_error_between_items_is_raised_in_the_caller() -> None:
    async def fail() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("in the middle")

    loop = BackgroundLoop("mine")
    pieces = loop.each(fail())
    assert next(pieces) == 1
    with pytest.raises(ValueError, match="in the middle"):
        next(pieces)
    loop.close()


def test_work_during_and_after_closing_raises_engine_lost() -> None:
    loop, began, reported = BackgroundLoop("mine"), threading.Event(), threading.Event()

    async def long() -> None:
        began.set()
        await asyncio.Event().wait()

    def wait() -> None:
        with pytest.raises(EngineLost, match="was closed before"):
            loop.run(long())
        reported.set()

    async def nothing() -> None:
        pass

    async def two_items() -> AsyncGenerator[str]:
        yield "a"
        yield "b"

    reading = loop.each(two_items())
    assert next(reading) == "a"
    waiting = threading.Thread(target=wait)
    waiting.start()
    assert began.wait(10)
    loop.run(loop.finish(nothing()))
    waiting.join()
    loop.close()
    assert reported.is_set()
    with pytest.raises(EngineLost):
        loop.run(where())
    with pytest.raises(EngineLost):
        next(reading)
