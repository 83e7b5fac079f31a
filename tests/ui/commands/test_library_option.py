"""--library: which index it means, and when it is refused."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.engines.settings import ScriptedSettings
from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from ui.command_line import parser
from ui.commands.library import with_library

LAPTOP = SETUPS["laptop"]


def options(*given: str) -> argparse.Namespace:
    return parser().parse_args(["run", *given])


def test_no_documents_are_read_by_default() -> None:
    assert with_library(LAPTOP, options()).library is None


def test_the_index_lies_in_the_home_or_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(tmp_path))
    (tmp_path / "library.sqlite").touch()
    (tmp_path / "mine.sqlite").touch()
    assert with_library(LAPTOP, options("--library")).library == tmp_path / "library.sqlite"
    chosen = tmp_path / "mine.sqlite"
    assert with_library(LAPTOP, options("--library", str(chosen))).library == chosen


def test_what_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="omnilive library add"):
        with_library(LAPTOP, options("--library", str(tmp_path / "nowhere")))
    with pytest.raises(BadInput, match="cannot look into documents"):
        with_library(replace(LAPTOP, engine=ScriptedSettings()), options("--library", str(tmp_path / "l")))
