"""Fuzzes the model loaders with damaged files: each must load, or be refused with BadInput.

A child process writes a damaged GGUF file or model folder, opens it with the product's loaders, and packs it and
computes a step if it opens; a child that dies is a crash, one that makes no progress a hang. `--sanitize` builds the
compiled step with AddressSanitizer and UBSan first. `--corpus` keeps the failing cases and tries them again first.
docs/fuzzing.md explains the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch

from dialogue.llm.precision import Quantisation

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.fuzzing.fuzz_mutations import write_case
from benchmarks.report import benchmark_parser, report, write
from dialogue.errors import BadInput
from dialogue.llm import decoder_route
from dialogue.llm.language_model import open_decoder, open_language_model
from dialogue.llm.native.build import build, sanitizer_environment
from dialogue.llm.native.loader import NativeLibrary
from dialogue.sizing import chat_inspection
from dialogue.sizing.model_estimate import estimate

ROOT = Path(__file__).parents[2]
LIMIT_S = 20.0  # processor time of one case
WAITING_LIMIT_S = 900.0  # for a case that waits and computes nothing; a busy machine may stop it for minutes
IN_ONE_CHILD = 25_000  # cases; ending the process frees memory that a library leaks
MEMORY = 8 << 30  # bytes of a child's address space; a sanitizer needs more, and has its own limit
PRECISIONS: tuple[Quantisation, ...] = ("auto", "auto", "auto", "auto", "auto", "int8", "int4", "float32", "bfloat16")
KINDS = ("crash", "hang", "error")


@dataclass
class Counts:
    cases: int = 0
    crash: int = 0
    hang: int = 0
    error: int = 0

    def figures(self, seconds: float) -> dict[str, float]:
        return {
            "cases": self.cases,
            "crashes": self.crash,
            "hangs": self.hang,
            "other_errors": self.error,
            "seconds": round(seconds, 1),
        }


# The child.


def open_and_run(path: Path, random: Random) -> bool:
    """Whether the model at `path` opened. Raises what the loaders raise, except BadInput."""
    wanted, threads, look = random.choice(PRECISIONS), random.choice((1, 1, 1, 2)), random.random() < 0.1
    try:
        if look and path.is_file():
            chat_inspection.inspect_gguf(path)
        if look:
            estimate(path, wanted, 64, 1e10)
        if path.is_file():
            decoder = open_language_model(path, quantisation=wanted, threads=threads).decoder
        else:
            decoder = open_decoder(path, quantisation=wanted, threads=threads)
    except BadInput as error:
        assert len(str(error).split()) > 4, f"no sentence: {error}"
        return False
    cache = decoder.new_cache(32)
    ids = torch.arange(5) % decoder.config.vocab_size
    decoder.logits(decoder.forward(cache, ids))
    cache.cut(1, 3, decoder.rotary)
    decoder.forward(cache, ids[:1])
    return True


def child(options: argparse.Namespace) -> None:
    """Runs cases `first` to `first + cases`, or those of the corpus; reports to its parent by files in `folder`."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if options.library:
        library = NativeLibrary(options.library)
        setattr(decoder_route, "load_library", lambda: library)  # noqa: B010 - the name is imported there
    if not options.sanitize:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    progress = os.open(options.folder / "progress", os.O_RDWR | os.O_CREAT)
    errors, opened, case = (options.folder / "errors").open("a"), 0, options.folder / "case"
    started, kept = time.monotonic(), kept_cases(options.corpus) if options.replay else []
    for number in range(options.first, options.first + options.cases):
        if time.monotonic() - started > options.seconds:
            break
        random = Random(f"{options.seed}:{number}")
        shutil.rmtree(case, ignore_errors=True)
        if kept:
            shutil.copytree(kept[number], case)
            path = next(case.glob("*.gguf"), case)
        else:
            case.mkdir()
            path = write_case(random, case)
        os.pwrite(progress, number.to_bytes(8, "little"), 0)
        try:
            opened += open_and_run(path, random)
        except BaseException as error:
            print(json.dumps([number, f"{type(error).__name__}: {error}"[:500]]), file=errors, flush=True)
            keep(options, "error", number)
        os.pwrite(progress, (number + 1).to_bytes(8, "little") + opened.to_bytes(8, "little"), 0)


def kept_cases(corpus: Path | None) -> list[Path]:
    return sorted(path for path in corpus.iterdir() if path.is_dir()) if corpus and corpus.is_dir() else []


def keep(options: argparse.Namespace, kind: str, number: int) -> None:
    """Copies the current case into the corpus, unless it comes from there."""
    if options.corpus and not options.replay:
        name = f"{kind}-{options.seed}-{number}"
        shutil.copytree(options.folder / "case", options.corpus / name, dirs_exist_ok=True)


# The parent.


def command(options: argparse.Namespace, first: int, cases: int, left: float) -> list[str]:
    given = [sys.executable, str(Path(__file__)), "--child", "--folder", str(options.folder)]
    given += ["--seed", str(options.seed), "--first", str(first), "--cases", str(cases), "--seconds", str(left)]
    given += ["--library", str(options.library.resolve())] if options.library else []
    given += ["--corpus", str(options.corpus.resolve())] if options.corpus else []
    return given + [f"--{name}" for name in ("sanitize", "replay") if getattr(options, name)]


def done(folder: Path) -> tuple[int, int]:
    """(number of the current case, number of this child's models that opened)."""
    progress = (folder / "progress").read_bytes()
    return int.from_bytes(progress[:8], "little"), int.from_bytes(progress[8:16], "little")


def computed_s(pid: int) -> float:
    """Processor time of a process in seconds; 0.0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watched(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Waits for a child; whether it made no progress for too long and was killed."""
    last, since, spent, started = done(folder), time.monotonic(), 0.0, False
    while process.poll() is None:
        time.sleep(0.2)
        now = done(folder)
        if now != last:
            last, since, spent, started = now, time.monotonic(), computed_s(process.pid), True
        # Importing the loaders' dependencies takes long on a busy machine.
        limit_s = LIMIT_S if started else 10 * LIMIT_S
        if computed_s(process.pid) - spent > limit_s or time.monotonic() - since > WAITING_LIMIT_S:
            process.kill()
            process.wait()
            return True
    return False


def fuzz(options: argparse.Namespace, counts: Counts) -> None:
    folder, began, at, opened, before = options.folder, time.monotonic(), options.first, 0, counts.cases
    environment = {**os.environ, **(sanitizer_environment() if options.sanitize else {})}
    end = options.first + options.cases
    while at < end and (left := options.seconds - (time.monotonic() - began)) > 0:
        (folder / "progress").write_bytes(at.to_bytes(8, "little") + bytes(8))
        cases = min(IN_ONE_CHILD, end - at)
        process = subprocess.Popen(command(options, at, cases, left), cwd=ROOT, env=environment)
        hung = watched(process, folder)
        now, more = done(folder)
        opened += more
        if hung or process.returncode:
            kind = "hang" if hung else "crash"
            setattr(counts, kind, getattr(counts, kind) + 1)
            keep(options, kind, now)
            print(f"{kind} in case {now} (exit {process.returncode})", flush=True)
            now += 1
        at = now
        counts.cases = before + at - options.first
        counts.error = sum(1 for _ in errors(folder))
        spent = time.monotonic() - began
        print(f"{counts.cases} cases, {opened} opened, {counts} after {spent:.0f} s", flush=True)
        write(counts.figures(spent), options.json)
    for number, message in list(errors(folder))[:20]:
        print(f"case {number}: {message}")


def errors(folder: Path) -> Iterator[tuple[int, str]]:
    path = folder / "errors"
    for line in path.read_text().splitlines() if path.exists() else ():
        number, message = json.loads(line)
        yield number, message


def main() -> int:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="number of cases (default: 1000000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--seed", type=int, default=0, help="seed of the cases (default: 0)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to reproduce one")
    parser.add_argument("--corpus", type=Path, help="folder that keeps the failing cases")
    parser.add_argument("--sanitize", action="store_true", help="build the compiled step with ASan and UBSan")
    for name in ("--child", "--replay"):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--library", type=Path, help="a compiled step that has been built already")
    options = parser.parse_args()
    if options.child:
        child(options)
        return 0
    shared = Path("/dev/shm")  # in memory, on systems that have it
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=shared if shared.is_dir() else None) as made:
        options.folder = Path(made)
        if options.sanitize and not options.library:
            options.library = build(options.folder / "decode_step.so", sanitize=True)
        began, counts = time.monotonic(), Counts()
        if kept := kept_cases(options.corpus):
            again = argparse.Namespace(**{**vars(options), "replay": True, "first": 0, "cases": len(kept)})
            fuzz(again, counts)
        fuzz(options, counts)
        report(counts.figures(time.monotonic() - began), options.json)
    return 1 if counts.crash or counts.hang or counts.error else 0


if __name__ == "__main__":
    sys.exit(main())
