"""The command line and the output of every benchmark: figures are printed, and written to a file with --json FILE."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path


def benchmark_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with `--json FILE`; the help shows the description (a script's docstring) as it is written."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as one flat JSON object")
    return parser


def report(figures: Mapping[str, float], file: Path | None) -> None:
    """Prints the figures, one per line, and writes them to `file`, if there is one."""
    for name, value in figures.items():
        print(f"{name:28} {value:g}")
    write(figures, file)


def write(figures: Mapping[str, float], file: Path | None) -> None:
    """Writes the figures as one flat JSON object; does nothing without a file."""
    if file is not None:
        file.write_text(json.dumps(dict(figures), indent=2) + "\n", encoding="utf-8")
