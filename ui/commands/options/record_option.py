"""--record: calls may be recorded in a folder, where the caller agrees on the page."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dialogue.errors import BadInput


def add_record_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="offer on the page that a call is recorded: sound, pictures and events of those who agree are written to "
        "folders in DIR, for `omnilive replay`; default: nothing is recorded",
    )


def recordings_folder(options: argparse.Namespace) -> Path | None:
    """The folder of recordings, made where there is none; None without the option. Raises BadInput."""
    if options.record is None:
        return None
    folder = Path(options.record).expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--record: {folder} cannot be made ({error.strerror}).") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(f"--record: nothing can be written to {folder}.")
    return folder
