"""--record: off by default, and the folder must be usable."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from ui.command_line import parser
from ui.commands.options.record_option import recordings_folder
from ui.host.privacy import privacy


def options(*given: str) -> argparse.Namespace:
    return parser().parse_args(["run", *given])


def test_nothing_is_recorded_by_default() -> None:
    assert recordings_folder(options()) is None
    assert "recorded" not in privacy(SETUPS["laptop"], None)


def test_the_folder_is_made_for_its_owner_alone_and_named_in_the_terminal(tmp_path: Path) -> None:
    folder = recordings_folder(options("--record", str(tmp_path / "calls")))
    assert folder == tmp_path / "calls"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert f"recorded in {folder}" in privacy(SETUPS["laptop"], folder)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="--record"):
        recordings_folder(options("--record", str(tmp_path / "file" / "calls")))
