"""Runs `omnilive run` as a separate process, as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 120.0


@dataclass
class ServerProcess:
    """A process of `omnilive run`. Starts when it is first needed, and again after it was stopped."""

    home: Path
    options: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _url: str = ""
    _ready: threading.Event = field(default_factory=threading.Event)
    _asked: float = 0.0

    @property
    def url(self) -> str:
        if self._process is None or self._process.poll() is not None:
            self.begin()
        self._wait()
        return self._url

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def begin(self) -> None:
        """Starts the server without waiting until it is ready."""
        self._url, self._asked = "", 0.0
        environment = {**os.environ, "OMNILIVE_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "omnilive", "run", "--port", "0", *self.options]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._ready = threading.Event()
        threading.Thread(target=self._read, args=(self._process, self._ready), daemon=True).start()

    def _wait(self) -> None:
        assert self._process is not None
        self._ready.wait(READY_WITHIN_S)
        if not self._url:
            self._process.kill()
            pytest.fail("the server was not ready in time; it said:\n" + "".join(self.log))

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.log.append(line)
            # On a line of its own; other servers may be named before.
            address = re.fullmatch(r"\s*(http://127\.0\.0\.1:\d+/)\s*", line)
            if address:
                self._url = address[1]
                ready.set()
        ready.set()  # the process has ended

    def end(self) -> None:
        """Asks the server to end, like a service manager."""
        assert self._process is not None
        self._asked = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)

    def ended(self, within_s: float = 30.0) -> tuple[int, float]:
        """Waits for the end: (exit code, seconds since `ask`)."""
        assert self._process is not None
        return self._process.wait(within_s), time.perf_counter() - self._asked

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            if not self._asked:
                self.end()
            try:
                self.ended()
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise
