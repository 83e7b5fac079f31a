"""--library: answers from the documents of `omnilive library` in calls."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from dialogue.engines.registry import entry_of
from dialogue.errors import BadInput
from stream.models.setup import Setup
from ui.host.home import home

LIBRARY_FILE = "library.sqlite"


def add_library_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--library",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FILE",
        help="answer from your documents, which `omnilive library add` reads; default of FILE: "
        f"{LIBRARY_FILE} in the folder of OMNILIVE_HOME",
    )


def with_library(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the index that the options name. Raises BadInput where there is none, and for an engine that cannot
    use it."""
    if options.library is None:
        return setup
    entry = entry_of(setup.engine)
    if not (entry.can.scene_rules or entry.can.tools):
        raise BadInput(f"The engine {entry.name} cannot look into documents; leave --library out.")
    path = (home() / LIBRARY_FILE if options.library == Path() else options.library.expanduser()).absolute()
    if not path.is_file():
        raise BadInput(f"There is no library {path}; make it with `omnilive library add PATH`.")
    return replace(setup, library=path)
