"""`omnilive run` with few descriptors, held open by a stranger: the others are served, and the log stays short."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from stream.models.weights import WeightStore
from tests.ui.caller import Caller

ROOT = Path(__file__).parents[2]
HALF_OPEN = 300
RUN = 'ulimit -n 256; exec "$0" -m omnilive run --setup scripted --port 0'
MOST_LOG = 100_000  # bytes


def test_half_open_connections_keep_nobody_from_calling(home: Path, weights: WeightStore, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            ["sh", "-c", RUN, sys.executable],
            cwd=ROOT,
            env={**os.environ, "OMNILIVE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    async def story(url: str) -> None:
        port = httpx.URL(url).port
        held = []
        for _ in range(HALF_OPEN):
            held.append(await asyncio.open_connection("127.0.0.1", port))
            held[-1][1].write(b"POST /call HTTP/1.1\r\nHost: ")
        async with httpx.AsyncClient(base_url=url, timeout=15) as client:
            for path in ("/", "/page/app.js", "/healthz"):
                began = time.perf_counter()
                assert (await client.get(path)).status_code == 200
                assert time.perf_counter() - began < 5
            async with Caller(client) as caller:
                await caller.call()
                await asyncio.sleep(2)
                held += [await asyncio.open_connection("127.0.0.1", port) for _ in range(HALF_OPEN)]
                assert (await client.get("/healthz")).json()["sessions"] == 1

    assert process.stdout is not None
    try:
        printed = ""
        while not (address := re.search(r"http://127\.0\.0\.1:\d+/", printed)):
            line = process.stdout.readline()
            assert line, "it ended before it was ready: " + log.read_text()
            printed += line
        asyncio.run(story(address.group()))
        process.send_signal(signal.SIGHUP)
        process.stdout.read()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
    told = log.read_text()
    assert len(told) < MOST_LOG
    assert "connections are open" in told
    assert "Traceback" not in told
