"""One coroutine function becomes a blocking and an asynchronous method."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Iterator

import pytest

from ui.api.background_loop import BackgroundLoop
from ui.api.sync_and_async import sync_and_async


class Adder:
    def __init__(self) -> None:
        self._loop = BackgroundLoop("adder")

    async def _add(self, first: int, second: int = 1, *, fail: bool = False) -> tuple[int, str]:
        """The sum, and the thread that computed it."""
        await asyncio.sleep(0)
        if fail:
            raise ValueError("cannot add")
        return first + second, threading.current_thread().name

    add, aadd = sync_and_async(_add)


@pytest.fixture
def adder() -> Iterator[Adder]:
    made = Adder()
    yield made
    made._loop.close()


def test_both_run_on_the_loop_of_the_owner(adder: Adder) -> None:
    assert adder.add(2, second=3) == (5, "adder")
    assert asyncio.run(adder.aadd(2)) == (3, "adder")


def test_both_raise_what_the_coroutine_raises(adder: Adder) -> None:
    with pytest.raises(ValueError, match="cannot add"):
        adder.add(1, fail=True)
    with pytest.raises(ValueError, match="cannot add"):
        asyncio.run(adder.aadd(1, fail=True))


def test_both_carry_name_documentation_and_signature() -> None:
    assert (Adder.add.__name__, Adder.aadd.__qualname__) == ("add", "Adder.aadd")
    assert inspect.getdoc(Adder.add) == inspect.getdoc(Adder.aadd) == "The sum, and the thread that computed it."
    assert [*inspect.signature(Adder.aadd).parameters] == ["self", "first", "second", "fail"]
    assert inspect.iscoroutinefunction(Adder.aadd) and not inspect.iscoroutinefunction(Adder.add)
