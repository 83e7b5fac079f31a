"""Pauses are skipped, work is not."""

from __future__ import annotations

import asyncio
import hashlib
import time

import pytest

from ui.local.skipping_clock import SkippingLoop

BLOCK = bytes(1 << 20)


def digest(rounds: int) -> str:
    """Work that takes a while and frees the interpreter."""
    sha = hashlib.sha256()
    for _round in range(rounds):
        sha.update(BLOCK)
    return sha.hexdigest()


def test_an_hour_of_waiting_takes_no_time() -> None:
    async def main() -> float:
        before = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - before

    began = time.perf_counter()
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert runner.run(main()) == pytest.approx(3600, abs=1)
    assert time.perf_counter() - began < 5


def test_work_on_a_thread_takes_its_time_and_no_more() -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        ticking = asyncio.ensure_future(asyncio.sleep(600))
        before, real_before = loop.time(), time.perf_counter()
        await asyncio.to_thread(digest, 20)
        worked, really = loop.time() - before, time.perf_counter() - real_before
        await ticking
        return worked, really

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        worked, really = runner.run(main())
    assert worked == pytest.approx(really, abs=0.05)


def test_a_timer_fires_while_a_thread_works() -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        asyncio.get_running_loop().call_later(0.001, seen.append, "timer")
        await asyncio.to_thread(digest, 40)
        seen.append("work")
        return seen

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert runner.run(main()) == ["timer", "work"]
