"""--remember: keeps what is said and seen in calls in a file, across calls."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from dialogue.engines.registry import entry_of
from dialogue.errors import BadInput
from dialogue.memory.kept_memory import KeptMemory
from stream.models.setup import Setup
from ui.host.home import home

FILE = "memory.sqlite"


def add_remember_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--remember",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FILE",
        help="keep what is said and seen in calls in FILE, across calls; without the option a call is forgotten when "
        f"it ends; default of FILE: {FILE} in the folder of OMNILIVE_HOME",
    )


def with_remember(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the memory file that the options name, made where there is none.

    Raises BadInput for a file that cannot be one, and for an engine whose calls cannot be remembered.
    """
    if options.remember is None:
        return setup
    entry = entry_of(setup.engine)
    if not entry.can.remembers:
        raise BadInput(f"Calls with the engine {entry.name} cannot be remembered; leave --remember out.")
    path = (home() / FILE if options.remember == Path() else options.remember.expanduser()).absolute()
    KeptMemory(path).checkpoint()
    return replace(setup, remember=path)
