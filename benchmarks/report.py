"""How every benchmark tells its figures: a line each, and with --json a file that holds them as one flat object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as one flat object")


def report(figures: Mapping[str, float], file: Path | None) -> None:
    """Printed, and written if there is a file for them."""
    for name, value in figures.items():
        print(f"{name:28} {value:g}")
    if file:
        write(figures, file)


def write(figures: Mapping[str, float], file: Path) -> None:
    file.write_text(json.dumps(figures, indent=2) + "\n")
