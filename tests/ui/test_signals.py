"""A server process shuts down in order on a signal. Also tests `ui/commands/run.py`."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.ui.caller import Caller

PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.ui.caller import SETUP, NoModels, RememberingSession
from ui.http.server import serve

async def opened():
    return NoModels()

asyncio.run(serve(SETUP, opened, "127.0.0.1", 0, cache_dir=Path(sys.argv[1]),
    on_ready=lambda url: print(url, flush=True),
    open_session=lambda name, parts, setup, start: RememberingSession(name, start)))
print("left in order", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_process_soon_despite_an_open_call(tmp_path: Path, number: signal.Signals) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        async def story() -> None:
            assert process.stdout is not None
            url = await asyncio.to_thread(process.stdout.readline)
            async with httpx.AsyncClient(base_url=url.strip()) as client, Caller(client) as caller:
                await caller.call()
                process.send_signal(number)
                assert (await caller.message("bye", 3.0))["reason"] == "the server is shutting down"

        try:
            asyncio.run(story())
            began = time.perf_counter()
            out, err = process.communicate(timeout=10)
            assert time.perf_counter() - began < 3.0
            assert (process.returncode, out, err) == (0, "left in order\n", "")
        finally:
            process.kill()


def test_an_ignored_hangup_does_not_end_the_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        ["nohup", sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            assert httpx.get(f"{url}healthz").status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=10)[0] == "left in order\n"
        finally:
            process.kill()
