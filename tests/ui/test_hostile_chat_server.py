"""Two calls of `omnilive run --setup remote`: a hostile chat server answers one, and the other does not notice."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from stream.models.weights import WeightStore
from tests.dialogue.remote.hostile_server import HostileServer, hostile_server
from tests.ui.caller import Caller
from tests.ui.tracks import Tone

ROOT = Path(__file__).parents[2]
WAYS = ("endless line", "endless empty events", "endless lists", "tiny chunks", "gzip bomb", "deep JSON", "surrogate")
SETTLED_S = 4.0  # after the start of the calls
MOST_P95_S, MOST_S = 1.0, 2.5  # loose, for a busy machine; the fault that this guards took 2.7 s


@contextmanager
def hostile_elsewhere() -> Iterator[HostileServer]:
    """The server on a thread of its own."""
    loop, serving = asyncio.new_event_loop(), hostile_server()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    hostile = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(10)
    try:
        yield hostile
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def ping_forever(caller: Caller, took: list[float]) -> None:
    for number in range(1_000_000):
        began = time.perf_counter()
        caller.send({"type": "ping", "t": number})
        while not any(message.get("t") == number for message in caller.messages[-20:]):
            caller.changed.clear()
            await caller.changed.wait()
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)


def notices(caller: Caller) -> int:
    return sum(message["type"] == "notice" and message["code"] == "bad_reply" for message in caller.messages)


async def story(url: str, hostile: HostileServer) -> list[float]:
    took: list[float] = []
    async with (
        httpx.AsyncClient(base_url=url, timeout=15) as client,
        Caller(client, (Tone(),)) as asking,
        Caller(client, (Tone(),)) as neighbour,
    ):
        await asking.call()
        await neighbour.call()
        for caller in (asking, neighbour):
            caller.send({"type": "switch", "microphone": False})
        pinging = asyncio.create_task(ping_forever(neighbour, took))
        await asyncio.sleep(SETTLED_S)
        took.clear()
        for number, hostile.way in enumerate(WAYS, 1):
            asking.send({"type": "say", "text": f"Tell me story number {number}."})
            async with asyncio.timeout(60):
                while notices(asking) < number:
                    asking.changed.clear()
                    await asking.changed.wait()
        hostile.way = "good"
        asking.send({"type": "say", "text": "Tell me another story."})
        async with asyncio.timeout(60):
            while not any(message.get("text") == "Hello." for message in asking.messages):
                asking.changed.clear()
                await asking.changed.wait()
        assert not pinging.done()
        pinging.cancel()
    return took


def test_a_hostile_server_costs_its_own_call_a_reply_and_the_neighbour_nothing(
    home: Path, weights: WeightStore, tmp_path: Path
) -> None:
    with hostile_elsewhere() as hostile, (tmp_path / "log").open("w") as stderr:
        command = ["run", "--setup", "remote", "--remote-url", hostile.url, "--remote-model", "any", "--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "omnilive", *command],
            cwd=ROOT,
            env={**os.environ, "OMNILIVE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout is not None
        try:
            printed = ""
            while not (address := re.search(r"http://127\.0\.0\.1:\d+/", printed)):
                line = process.stdout.readline()
                assert line, "it ended before it was ready: " + (tmp_path / "log").read_text()
                printed += line
            took = asyncio.run(story(address.group(), hostile))
        finally:
            process.kill()
            process.wait()
    p95 = float(np.percentile(took, 95))
    print(f"{len(took)} pings, p95 {p95 * 1000:.1f} ms, longest {max(took) * 1000:.1f} ms")
    assert p95 < MOST_P95_S
    assert max(took) < MOST_S
    assert "Traceback" not in (tmp_path / "log").read_text()
