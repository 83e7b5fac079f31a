"""Parity with the published implementations: `python -m tests.golden.golden_parity DIR` runs the cases below DIR.

Prints one line a case and a last line `N passed, M failed`; the exit code is not 0 if anything failed. A case passes if
all its expected tensors were compared and every comparison agreed; uncompared entries of case.json are named.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.golden import duplex, pictures, pipelines, session_o45, sessions, sounds, speech
from tests.golden.case import Case, Check

RUNNERS: dict[str, Callable[[Case, Check], None]] = {
    "01": pictures.slicing,
    "02": pictures.vision_tower,
    "03": pictures.vision_tower,
    "04": pictures.resampler,
    "05": pipelines.pipeline,
    "06": pipelines.pipeline,
    "07": sounds.mel_o26,
    "08": sounds.encoder_o26,
    "09": sessions.session_o26,
    "10": speech.speech_o26,
    "11": speech.codes_to_sound,
    "12": sounds.mel_o45,
    "13": sounds.encoder_o45,
    "14": speech.speech_o45,
    "15": duplex.duplex,
    "16": duplex.duplex,
    "17": duplex.duplex,
    "18": pipelines.chat_o45,
    "19": session_o45.session_o45,
}


def find_cases(folder: Path) -> list[Path]:
    """Folders with a case.json: `folder` itself and all below it, through links as well."""
    cases, seen = [], set[str]()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:  # a link to a visited folder
            folders.clear()
        elif "case.json" in files:
            cases.append(Path(here))
        seen.add(real)
    return sorted(cases)


def run(folder: Path) -> Check:
    """Run a case and compare everything it expects; an exception is a failure."""
    check = Check()
    try:
        case = Case(folder)
        check = Check.of(case)
        if case.number not in RUNNERS:
            raise ValueError(f"no runner for a case called {case.name!r}; known are {', '.join(RUNNERS)}")
        RUNNERS[case.number](case, check)
        check.finish(case)
    except Exception as error:
        check.failures.append(_described(error))
    return check


def _described(error: Exception) -> str:
    """The exception and its last five places, innermost call last."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__}: {error} (at {' > '.join(places[-5:])})"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden.golden_parity", description=__doc__)
    parser.add_argument("folder", type=Path, help="a case folder, or a folder with case folders somewhere below it")
    root: Path = parser.parse_args(argv).folder
    if not root.is_dir():
        print(f"{root} is not a folder.", file=sys.stderr)
    folders = find_cases(root)
    failed = 0
    for folder in folders:
        check = run(folder)
        failed += bool(check.failures)
        verdict = "FAIL" if check.failures else "pass"
        name = str(folder.relative_to(root)) if folder != root else folder.resolve().name
        print(
            f"{name:32} max abs difference {check.worst:8.2e} in {check.compared:3} comparisons  {verdict}", flush=True
        )
        for line in [*check.failures[:20], *check.notes]:
            print(f"    {line}", flush=True)
    print(f"{len(folders) - failed} passed, {failed} failed")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
