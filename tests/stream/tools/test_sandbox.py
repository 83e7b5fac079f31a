"""Code in the sandbox computes, and tries to break out of it without success. Also tests `sandboxed_program.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dialogue.errors import BadInput
from stream.tools import sandbox
from stream.tools.sandbox import LONGEST_CODE, TOO_LONG, run_code, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "code can be isolated here")

# Each line tries something that must fail; names of those that work are printed.
ATTEMPTS = {
    "fork": "os.fork()",
    "many processes": "[os.posix_spawn(sys.executable, ['python'], {}) for _ in range(100)]",
    "a command": "subprocess.run(['ls'], check=True)",
    "a shell": "assert os.system('true') == 0",
    "a process pool": "multiprocessing.get_context('fork').Process(target=print).start()",
    "a socket": "socket.socket()",
    "a local socket": "socket.socket(socket.AF_UNIX)",
    "a pair of sockets": "socket.socketpair()",
    "a name server": "socket.getaddrinfo('localhost', 80)[0] and socket.create_connection(('127.0.0.1', 80), 1)",
    "the passwords": "open('/etc/passwd').read()",
    "another root": "os.listdir('/proc/1/ro' + 'ot/etc')",
    "its own root": "open('/proc/self/ro' + 'ot/etc/hostname').read()",
    "the parent's folder": "os.listdir('/proc/1/cwd')",
    "the memory of the parent": "open('/proc/1/mem', 'rb').read(1)",
    "a link out": "os.symlink(SECRET, 'link') or open('link').read()",
    "a hard link": "os.link(SECRET, 'hard')",
    "the secret": "open(SECRET).read()",
    "a path upwards": "open('/code/../' + SECRET).read()",
    "the system's folder": "open('/usr/x', 'w')",
    "the root folder": "open('/x', 'w')",
    "its own program": "open('/program.py', 'a')",
    "devices": "open('/dev/mem', 'rb')",
    "a new device": "os.mknod('disk', 0o60644, os.makedev(8, 0))",
    "settings of the kernel": "open('/proc/sys/kernel/core_pattern', 'w')",
    "shared memory": "open('/dev/shm/x', 'w')",
    "another user": "os.setuid(0)",
    "groups": "os.setgroups([0])",
    "a namespace": "assert libc.unshare(0x10000000) == 0",
    "a mount": "assert libc.mount(b'proc', b'/code', b'proc', 0, None) == 0",
    "a way out of the root": "os.chroot('/code')",
    "tracing": "assert libc.ptrace(16, 1, 0, 0) == 0",
    "keys": "assert libc.syscall(250, 0, -3, 0) >= 0",
    "io_uring": "assert libc.syscall(425, 1, 0) >= 0",
    "a process outside": "os.kill(1, 9) or time.sleep(0.1) or os.kill(3, 0)",
    "a higher limit": "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "a higher priority": "os.nice(-5)",
    "the clock": "time.clock_settime(time.CLOCK_REALTIME, 0)",
    "the host's name": "socket.sethostname('x')",
    "a file that was given": "open('/code/files/given.csv', 'a')",
    "another given file": "os.remove('/code/files/given.csv')",
}
PROGRAM = """
import ctypes, multiprocessing, os, resource, socket, subprocess, sys, time
libc = ctypes.CDLL(None)
SECRET = {secret!r}
worked = []
for name, attempt in {attempts!r}.items():
    try:
        exec(attempt)
        worked.append(name)
    except (OSError, AssertionError, ValueError, RuntimeError, KeyError):
        pass
print(worked)
"""


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "given.csv"
    path.write_text("part,price\nbolt,3\nnut,2\n")
    return path


def test_code_computes_and_reads_what_it_is_given(given: Path) -> None:
    code = "import csv\nrows = list(csv.DictReader(open('files/given.csv')))\nsum(int(row['price']) for row in rows)"
    ran = run_code(code, [given])
    assert (ran.output, ran.error) == ("5\n", "")


def test_errors_are_reported_in_one_line() -> None:
    ran = run_code("print('before')\n1 / 0")
    assert (ran.output, ran.error) == ("before\n", "ZeroDivisionError: division by zero")
    assert "SyntaxError" in run_code("1 +").error


def test_no_attempt_to_break_out_works(given: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    ran = run_code(PROGRAM.format(secret=str(secret), attempts=ATTEMPTS), [given])
    assert (ran.output, ran.error) == ("[]\n", "")
    assert len(ATTEMPTS) >= 35
    assert given.read_text().startswith("part,price\nbolt")


def test_it_sees_no_processes_and_none_of_our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNILIVE_TOKEN", "secret-token")
    ran = run_code("import os\nprint(dict(os.environ), os.path.exists('/proc'), os.path.exists('/sys'), os.getuid())")
    assert "secret-token" not in ran.output
    assert ran.output.endswith("False False 65534\n")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("x = 'x' * 10**10", "MemoryError"),
        ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,)).start()", "thread"),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "wrote too much"),
        ("open('a', 'w').write('x' * 10**8)", "File too large"),
        ("for n in range(99): open(str(n), 'wb').write(bytes(15_000_000))", "No space left"),
        ("files = [open('/dev/null') for _ in range(10_000)]", "Too many open files"),
        ("import ctypes\nctypes.string_at(0)", "the code was ended"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "the code was ended"),
        ("import os\nos._exit(0)", "the code was ended"),
    ],
)
def test_what_it_takes_is_bounded(code: str, error: str) -> None:
    assert error in run_code(code).error


def test_what_it_prints_is_bounded() -> None:
    output = run_code("while True: print('x' * 10_000, flush=True) or len(open('/dev/null').read()) or 1 / 0").output
    assert len(output) < 10_000


def test_endless_code_is_ended_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "WALL_S", 1.0)
    assert run_code("import time\nwhile True: time.sleep(1)  # left-behind").error == TOO_LONG
    left = [pid for pid in os.listdir("/proc") if pid.isdigit() and b"/program.py" in _command_line(pid)]
    assert left == []


def test_what_it_writes_as_an_answer_is_data() -> None:
    ran = run_code("import os, json\nos.write(1, json.dumps({'output': ['a'], 'error': 7}).encode())\nos._exit(0)")
    assert (ran.output, ran.error) == ("['a']", "7")


def test_long_code_is_refused() -> None:
    with pytest.raises(BadInput, match="characters"):
        run_code("1" * (LONGEST_CODE + 1))


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
