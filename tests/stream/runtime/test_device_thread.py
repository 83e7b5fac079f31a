"""Steps run in order on one thread, which reports a step that does not return and does not hold up the end.

Also tests `step_executor.py`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from stream.runtime.device_thread import CLOSE_WITHIN_S, DeviceThread, close_all

ROOT = Path(__file__).parents[3]

ENDS = """
import asyncio, time
from stream.runtime.device_thread import DeviceThread

async def main():
    thread = DeviceThread("llm")
    hanging = asyncio.ensure_future(thread.run(time.sleep, 3600))
    await asyncio.sleep(0.2)
    thread.close()
    hanging.cancel()

asyncio.run(main())
print("ended", flush=True)
"""


def test_steps_run_in_order_on_one_thread() -> None:
    order = list[tuple[int, str]]()

    async def story() -> None:
        with DeviceThread("asr") as thread:
            await asyncio.gather(
                *(thread.run(lambda n: order.append((n, threading.current_thread().name)), n) for n in range(50))
            )

    asyncio.run(story())
    assert order == [(n, "asr_0") for n in range(50)]


def test_results_and_errors_reach_the_caller() -> None:
    async def story() -> None:
        with DeviceThread("llm") as thread:
            assert await thread.run(max, 1, 2) == 2
            with pytest.raises(ZeroDivisionError):
                await thread.run(lambda: 1 / 0)
            assert await thread.run(max, 3, 2) == 3
        with pytest.raises(RuntimeError, match="closed"):
            await thread.run(max, 1, 2)

    asyncio.run(story())


def test_a_cancelled_step_that_has_not_begun_never_runs() -> None:
    ran = list[int]()

    async def story() -> None:
        with DeviceThread("llm") as thread:
            go = threading.Event()
            first = asyncio.ensure_future(thread.run(go.wait))
            second = asyncio.ensure_future(thread.run(ran.append, 1))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.sleep(0)
            go.set()
            await first
            await thread.run(ran.append, 2)

    asyncio.run(story())
    assert ran == [2]


def test_it_says_how_long_its_step_has_been_running() -> None:
    async def story() -> None:
        with DeviceThread("llm") as thread:
            assert thread.busy_s == 0.0
            go = threading.Event()
            step = asyncio.ensure_future(thread.run(go.wait))
            await asyncio.sleep(0.1)
            assert thread.busy_s > 0.02
            go.set()
            await step
            assert thread.busy_s == 0.0

    asyncio.run(story())


def test_closing_does_not_wait_for_steps_that_hang() -> None:
    async def story() -> None:
        go = threading.Event()
        threads = [DeviceThread(name) for name in ("llm", "asr", "tts")]
        steps = [asyncio.ensure_future(thread.run(go.wait)) for thread in threads]
        queued = asyncio.ensure_future(threads[0].run(max, 1, 2))
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        close_all(threads)
        assert time.perf_counter() - began < CLOSE_WITHIN_S + 0.5
        await asyncio.wait({queued})
        assert queued.cancelled()
        go.set()
        await asyncio.gather(*steps)

    asyncio.run(story())


def test_a_step_that_hangs_does_not_keep_the_process() -> None:
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", ENDS], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "ended\n")
    assert "A step of llm has not returned" in ended.stderr
    assert time.perf_counter() - began < 15


def test_work_in_steps_gives_way_between_them_and_ends_when_it_is_cancelled() -> None:
    done = list[str]()

    def work(name: str, begun: threading.Event | None = None) -> Generator[None, None, str]:
        for step in range(3):
            done.append(f"{name}{step}")
            if begun is not None:
                begun.set()
                time.sleep(0.05)
            yield
        return name

    async def story() -> None:
        begun = threading.Event()
        with DeviceThread("asr") as thread:
            assert await thread.run_steps(work("a")) == "a"
            partial = asyncio.create_task(thread.run_steps(work("b", begun)))
            await asyncio.to_thread(begun.wait)
            partial.cancel()
            assert await thread.run(lambda: "final") == "final"
            await asyncio.wait([partial])
            assert partial.cancelled()

    asyncio.run(story())
    assert done == ["a0", "a1", "a2", "b0"]
