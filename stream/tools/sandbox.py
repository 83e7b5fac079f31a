"""Runs Python code where it can do no harm: bubblewrap gives it namespaces of its own, a filter refuses system calls.

It has no network and no processes but itself. It sees the system's libraries, matplotlib with what is installed beside
it, and the files that it is given, read-only; what it writes is in memory, at most WRITTEN bytes, and gone with it.
There is no /proc: where root runs the assistant, settings of the kernel could be written there from inside, since
bubblewrap leaves /proc/sys writable for root. The kernel is the one of this machine: a hole in it is a way out.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from dialogue.errors import BadInput
from stream.tools.sandboxed_program import MOST_PICTURES, PACKAGES
from stream.tools.system_calls import call_filter, has_filter

WALL_S = 10.0
WRITTEN = 64_000_000
MOST_ANSWERED = 6_000_000  # bytes, with pictures: the code can write more to the pipe than the program would
LONGEST_CODE = 20_000  # characters
PROGRAM = Path(__file__).with_name("sandboxed_program.py")
HOW_TO_INSTALL = "Code runs only where it can be isolated: install bubblewrap (sudo apt install bubblewrap)"
TOO_LONG = "the code took too long"


@dataclass(frozen=True, slots=True)
class Ran:
    """`output` is what the code printed, `error` the last line of its traceback, or why it was ended. `pictures` are
    what it drew, bytes that should be PNG or JPEG."""

    output: str
    error: str = ""
    pictures: tuple[bytes, ...] = ()


def run_code(code: str, files: Sequence[Path] = ()) -> Ran:
    """Runs the code with `files` readable under /code/files. Blocks for at most WALL_S seconds and a little. Raises
    BadInput where this machine cannot isolate it, or the code is too long."""
    if problem := why_not():
        raise BadInput(problem)
    if len(code) > LONGEST_CODE:
        raise BadInput(f"the code has more than {LONGEST_CODE:,} characters")
    return _ran(code, files)


@cache
def why_not() -> str:
    """Why code cannot be isolated on this machine; empty where it can. Runs a line in the sandbox to find out."""
    if shutil.which("bwrap") is None:
        return f"{HOW_TO_INSTALL}."
    if not has_filter():
        return "Code cannot be isolated on this processor; only x86-64 and 64-bit Arm have a filter of system calls."
    tried = _ran("print(6 * 7)", ())
    if tried.output.strip() == "42":
        return ""
    return f"bubblewrap cannot isolate code here ({tried.error}); it needs user namespaces."


def _ran(code: str, files: Sequence[Path]) -> Ran:
    with tempfile.TemporaryFile() as filter_file:
        filter_file.write(call_filter())
        filter_file.seek(0)
        os.set_inheritable(filter_file.fileno(), True)
        process = subprocess.Popen(
            command(files, filter_file.fileno()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(filter_file.fileno(),),
            start_new_session=True,
            env={},
        )
    try:
        return _answer_of(process, code)
    finally:
        process.kill()  # --die-with-parent ends what is inside
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _answer_of(process: subprocess.Popen[bytes], code: str) -> Ran:
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(WALL_S, end)
    timer.start()
    try:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        try:
            process.stdin.write(code.encode("utf-8", "replace"))
            process.stdin.close()
        except BrokenPipeError:
            pass
        written = _bounded(process.stdout)
        if len(written) > MOST_ANSWERED:
            return Ran("", "the code wrote too much")
        process.kill()
        problem = _bounded(process.stderr).decode("utf-8", "replace").strip().splitlines()
    finally:
        timer.cancel()
    try:
        message = json.loads(written)
        pictures = tuple(base64.b64decode(picture) for picture in message.get("pictures", ())[:MOST_PICTURES])
        return Ran(str(message["output"]), str(message["error"]), pictures)
    except (ValueError, KeyError, TypeError, AttributeError):
        if late.is_set():
            return Ran("", TOO_LONG)
        return Ran("", problem[-1][:300] if problem else "the code was ended: it took too much time or memory")


def _bounded(pipe: IO[bytes]) -> bytes:
    """What is written until the end, or a little more than MOST_ANSWERED bytes of it."""
    return pipe.read(MOST_ANSWERED + 1)


def command(files: Sequence[Path], filter_descriptor: int) -> list[str]:
    """bubblewrap's arguments. The order counts: later ones lie over earlier ones."""
    shown = [argument for path in _libraries() for argument in ("--ro-bind", str(path), str(path))]
    links = [
        argument
        for name in ("bin", "sbin", "lib", "lib64")
        for argument in (("--symlink", f"usr/{name}", f"/{name}") if Path(f"/{name}").is_symlink() else ())
    ]
    given = [argument for path in files for argument in ("--ro-bind", str(path.resolve()), f"/code/files/{path.name}")]
    return [
        *(
            shutil.which("bwrap") or "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--cap-drop",
            "ALL",
        ),
        *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox"),
        *shown,
        *links,
        *("--size", "1000000", "--tmpfs", "/dev", "--dev-bind", "/dev/null", "/dev/null"),
        *("--dev-bind", "/dev/urandom", "/dev/urandom", "--remount-ro", "/dev"),
        *("--ro-bind", str(PROGRAM), "/program.py"),
        *_packages(),
        *("--size", str(WRITTEN), "--tmpfs", "/code", *given, "--remount-ro", "/", "--chdir", "/code"),
        *("--setenv", "HOME", "/code", "--setenv", "TMPDIR", "/code", "--setenv", "MPLCONFIGDIR", "/code/.plots"),
        *("--setenv", "MPLBACKEND", "Agg"),
        *("--setenv", "OPENBLAS_NUM_THREADS", "1", "--setenv", "OMP_NUM_THREADS", "1", "--setenv", "LANG", "C.UTF-8"),
        *("--seccomp", str(filter_descriptor), "--"),
        *(os.path.realpath(sys.executable), "-I", "-B", "/program.py"),
    ]


def _packages() -> list[str]:
    """The folder with matplotlib, where it is installed."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    return ["--ro-bind", str(Path(found.origin).parents[1]), PACKAGES]


def _libraries() -> list[Path]:
    """The folders that Python needs, without any that lies in another one."""
    wanted = [Path("/usr"), Path(os.path.realpath(sys.base_prefix))]
    wanted += [Path(f"/{name}") for name in ("lib", "lib64") if not Path(f"/{name}").is_symlink()]
    there = [path for path in dict.fromkeys(wanted) if path.is_dir()]
    return [path for path in there if not any(other in path.parents for other in there)]
