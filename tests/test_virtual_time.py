"""The clock that jumps: order, thread work, and the three ways in which it refuses a bad test."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.virtual_time import run_in_virtual_time


def test_hours_pass_at_once_and_in_order() -> None:
    async def main() -> tuple[list[str], float]:
        seen: list[str] = []

        async def say(word: str, after: float) -> None:
            await asyncio.sleep(after)
            seen.append(word)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say("last", 7200.0))
            tasks.create_task(say("first", 0.25))
            tasks.create_task(say("second", 0.5))
        return seen, asyncio.get_running_loop().time()

    assert run_in_virtual_time(main()) == (["first", "second", "last"], 7200.0)


def test_a_timeout_fires_at_its_own_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.5):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_in_virtual_time(main()) == pytest.approx(3.5)


def test_thread_work_takes_no_virtual_time_even_beside_a_timer() -> None:
    async def main() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        ticker = asyncio.ensure_future(asyncio.sleep(1.0))
        with ThreadPoolExecutor(1) as pool:
            total = await loop.run_in_executor(pool, sum, range(300_000))
        took = loop.time()
        await ticker
        return total, took

    assert run_in_virtual_time(main()) == (sum(range(300_000)), 0.0)


def test_an_error_in_a_thread_arrives() -> None:
    async def main() -> None:
        await asyncio.to_thread(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        run_in_virtual_time(main())


def test_a_task_left_behind_is_named() -> None:
    async def main() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(60), name="forgotten")
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="forgotten"):
        run_in_virtual_time(main())


def test_running_for_ever_is_noticed() -> None:
    async def main() -> None:
        for _second in itertools.count():
            await asyncio.sleep(1)

    with pytest.raises(AssertionError, match="still running after 100 virtual seconds"):
        run_in_virtual_time(main(), until=100)
