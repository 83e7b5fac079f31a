"""The server process is started again after a crash, ends with its supervisor, and never outlives five seconds.

Also tests `stop_signals.py` and `supervised.py`.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.ui.caller import Caller
from tests.ui.strangers import until
from tests.ui.tracks import Tone
from ui.host.supervisor import EXIT_CRASHED, resident_bytes

ROOT = Path(__file__).parents[3]

# The product's command with a session that only remembers, whose models hang or crash when they are asked to.
SERVER = """
import asyncio, os, sys, threading, time
from pathlib import Path
from tests.ui.caller import SETUP, NoModels, RememberingSession
from ui.host.supervised import SupervisorLink
from ui.http.server import serve

link = SupervisorLink(sys.argv[-1])
mode, folder = sys.argv[1], Path(sys.argv[2])
starts = len(list(folder.glob("start-*")))
(folder / f"start-{starts}-{os.getpid()}").touch()

class Session(RememberingSession):
    def __init__(self, name, start):
        super().__init__(name, start)
        if start.said:
            (folder / "said").write_text(" / ".join(each.text for each in start.said))

async def opened():
    if mode == "never ready":
        os.abort()
    return NoModels()

def ready(url):
    if mode == "crashes" and starts > 0:
        os.abort()
    if mode == "grows" and not starts:
        asyncio.get_running_loop().taken = bytearray(os.urandom(1000) * 1_000_000)
    if mode == "blocks":
        asyncio.get_running_loop().call_later(0.5, time.sleep, 3600)
    if mode == "thread":
        threading.Thread(target=time.sleep, args=(3600,)).start()
    print(url, flush=True)

asyncio.run(serve(SETUP, opened, "127.0.0.1", 0, cache_dir=folder, on_ready=ready, supervisor=link,
    open_session=lambda name, parts, setup, start: Session(name, start)))
"""
SUPERVISOR = """
import sys, os
from ui.host.address import listen
from ui.host.supervisor import supervise
listening, _ = listen("127.0.0.1", 0)
limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
command = [sys.executable, "-c", os.environ["SERVER"], sys.argv[1], sys.argv[2]]
supervise(command, listening, environment=os.environ, memory_limit_bytes=limit)
"""


@contextmanager
def supervised(mode: str, folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, mode, str(folder), *more],
        cwd=ROOT,
        env={**os.environ, "SERVER": SERVER, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            for child in children(folder):
                if alive(child):
                    os.kill(child, signal.SIGKILL)


def children(folder: Path) -> list[int]:
    """The server processes so far, oldest first."""
    starts = [path.name.split("-") for path in folder.glob("start-*")]
    return [int(pid) for _, _, pid in sorted(starts, key=lambda parts: int(parts[1]))]


def alive(pid: int) -> bool:
    try:
        return "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.match("http://", line), process.stderr.read() if process.stderr else ""
    return line.strip()


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_costs_seconds_and_the_conversation_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    with supervised("runs", tmp_path) as process:
        url = url_of(process)

        async def story() -> None:
            async with httpx.AsyncClient(base_url=url, timeout=20) as client:
                async with Caller(client, (Tone(),)) as one:
                    await one.call()
                    began = time.monotonic()
                    os.kill(children(tmp_path)[0], number)
                said = [{"role": "user", "text": "My cat is called Momo."}]
                async with Caller(client, (Tone(),)) as two:
                    answer = httpx.Response(503)
                    while answer.status_code != 200:
                        try:  # as the page does
                            answer = await two.post(resume=one.answer["resume"], received=1, said=said)
                        except httpx.TransportError:
                            await asyncio.sleep(0.1)
                    await two.accept(answer)
                    assert time.monotonic() - began < 10
                    assert (two.answer["resumed"], two.answer["restored"]) == (False, True)

        asyncio.run(story())
        assert (tmp_path / "said").read_text() == "My cat is called Momo."
        assert url_of(process) == url, "the address stays"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 0
        assert f"ended by {number.name}; it is started again" in errors


def test_restarts_have_a_limit(tmp_path: Path) -> None:
    with supervised("crashes", tmp_path) as process:
        url_of(process)
        os.kill(children(tmp_path)[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=90)
        assert process.returncode == EXIT_CRASHED == 70
        assert len(children(tmp_path)) == 6
        assert "ended by SIGABRT and is not started again" in errors


def test_a_server_that_was_never_ready_is_not_started_again(tmp_path: Path) -> None:
    with supervised("never ready", tmp_path) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == EXIT_CRASHED and len(children(tmp_path)) == 1
        assert "not started again" in errors


def test_a_server_beyond_its_memory_limit_is_ended_and_started_again(tmp_path: Path) -> None:
    with supervised("grows", tmp_path, str(900_000_000)) as process:
        url_of(process)
        assert process.stderr is not None
        while "more than --memory-limit allows" not in (line := process.stderr.readline()):
            assert line
        while "it is started again" not in (line := process.stderr.readline()):
            assert line


@pytest.mark.parametrize("mode", ["blocks", "thread"])
def test_shutdown_takes_five_seconds_at_most_even_if_something_hangs(tmp_path: Path, mode: str) -> None:
    with supervised(mode, tmp_path) as process:
        url_of(process)
        time.sleep(1.0)
        [child] = children(tmp_path)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert time.monotonic() - began < 5.5
        assert not alive(child)


def test_the_server_ends_with_its_supervisor(tmp_path: Path) -> None:
    with supervised("runs", tmp_path) as process:
        url_of(process)
        [child] = children(tmp_path)
        process.kill()
        asyncio.run(until(lambda: not alive(child), 8.0))


def test_resident_memory_is_read() -> None:
    own = resident_bytes(os.getpid())
    assert own is not None and 1e6 < own < 1e11
    assert resident_bytes(2**22 + 1) is None
