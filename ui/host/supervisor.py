"""Supervises the server process: starts it, passes signals on, and starts it again after a crash.

A fault in native code and the system's OOM killer end a process at once, so the supervisor is another, small process.
It opens the listening socket: while a new server process warms up, requests wait in the socket's queue. A socket pair
connects the two: the server sends one byte when it takes calls, and ends when the supervisor has gone. The command
line becomes the supervisor (`supervise`) by starting Python again, without the libraries that it has imported: 80 MB.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ui.host.restart_policy import RestartPolicy, ended_on_purpose, ending
from ui.host.stop_signals import signals_to_take

STOP_WITHIN_S = 5.0
CHECK_EVERY_S = 1.0
EXIT_CRASHED = 70  # EX_SOFTWARE: the server process crashed, and is not started again
READY = b"r"
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from ui.host.supervisor import main; main(*sys.argv[2:])"


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    link: socket.socket
    began: float
    ended: threading.Event
    was_ready: bool = False

    def note_readiness(self) -> None:
        try:
            self.was_ready = self.was_ready or self.link.recv(1, socket.MSG_DONTWAIT) == READY
        except OSError:
            return


class Supervisor:
    """Runs `command` with the file descriptors of `listening` and of a link to this process as last arguments."""

    def __init__(
        self,
        command: Sequence[str],
        listening: socket.socket,
        *,
        environment: Mapping[str, str],
        memory_limit_bytes: int | None = None,
        policy: RestartPolicy | None = None,
    ) -> None:
        self._command, self._listening, self._environment = list(command), listening, dict(environment)
        self._memory_limit = memory_limit_bytes
        self._policy = policy or RestartPolicy()
        self._child: _Child | None = None
        self._stopping = threading.Event()
        self._kill_at = float("inf")

    def run(self) -> int:
        """Returns the exit code of the whole: the server's, or EXIT_CRASHED."""
        was_ready = False
        with self._signals():
            while True:
                code, lived_s, child_was_ready = self._run_once()
                was_ready = was_ready or child_was_ready
                if self._stopping.is_set() or ended_on_purpose(code):
                    return code if code >= 0 else 128 - code
                wait_s = self._policy.wait_s(time.monotonic(), lived_s) if was_ready else None
                if wait_s is None:
                    _say(f"The server process ended {ending(code)} and is not started again.")
                    return EXIT_CRASHED
                _say(f"The server process ended {ending(code)}; it is started again.")
                if self._stopping.wait(wait_s):
                    return 0

    def _run_once(self) -> tuple[int, float, bool]:
        child = self._child = self._start()
        try:
            if self._stopping.is_set():  # a signal came before there was a process to pass it to
                child.process.terminate()
            while not child.ended.wait(max(0.0, min(CHECK_EVERY_S, self._kill_at - time.monotonic()))):
                child.note_readiness()
                self._check(child)
            child.note_readiness()
            return child.process.returncode, time.monotonic() - child.began, child.was_ready
        finally:
            child.link.close()

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        descriptors = (self._listening.fileno(), theirs.fileno())
        process = subprocess.Popen(
            [*self._command, ",".join(map(str, descriptors))],
            env=self._environment,
            pass_fds=descriptors,
            process_group=0,  # the terminal's Ctrl-C reaches the supervisor alone, which passes it on once
        )
        theirs.close()
        ended = threading.Event()

        def wait() -> None:
            process.wait()
            ended.set()

        threading.Thread(target=wait, name="wait for the server", daemon=True).start()
        return _Child(process, ours, time.monotonic(), ended)

    def _check(self, child: _Child) -> None:
        if time.monotonic() >= self._kill_at:
            child.process.kill()
        used = resident_bytes(child.process.pid)
        if self._memory_limit is not None and used is not None and used > self._memory_limit:
            _say(f"The server process uses {used / 1e9:.1f} GB, more than --memory-limit allows, and is ended.")
            child.process.kill()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def pass_on(number: int, _frame: object) -> None:
            if not self._stopping.is_set():
                self._kill_at = time.monotonic() + STOP_WITHIN_S
            self._stopping.set()
            if self._child is not None and self._child.process.returncode is None:
                self._child.process.send_signal(number)

        before = {number: signal.signal(number, pass_on) for number in signals_to_take()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def supervise(
    command: Sequence[str],
    listening: socket.socket,
    *,
    environment: Mapping[str, str],
    memory_limit_bytes: int | None = None,
) -> NoReturn:
    """Becomes the supervisor of `command`, in this process."""
    os.set_inheritable(listening.fileno(), True)
    root, limit = str(Path(__file__).parents[2]), str(memory_limit_bytes or 0)
    sys.stdout.flush()
    own = [sys.executable, "-c", _PROGRAM, root, str(listening.fileno()), limit, *command]
    os.execve(sys.executable, own, dict(environment))


def main(listening: str, memory_limit_bytes: str, *command: str) -> NoReturn:
    """The supervisor's process, in whose environment the server runs."""
    with socket.socket(fileno=int(listening)) as taken:
        limit = int(memory_limit_bytes) or None
        sys.exit(Supervisor(command, taken, environment=os.environ, memory_limit_bytes=limit).run())


def resident_bytes(pid: int) -> int | None:
    """Resident memory of a process; None where the system does not tell (/proc is missing)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _say(sentence: str) -> None:
    print(f"omnilive: {sentence}", file=sys.stderr, flush=True)
