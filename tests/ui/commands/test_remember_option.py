"""--remember: which file it means, and when it is refused."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.engines.settings import ScriptedSettings
from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from ui.command_line import parser
from ui.commands.remember_option import with_remember

LAPTOP = SETUPS["laptop"]


def options(*given: str) -> argparse.Namespace:
    return parser().parse_args(["run", *given])


def test_a_call_is_forgotten_by_default() -> None:
    assert with_remember(LAPTOP, options()).remember is None


def test_the_file_lies_in_the_home_or_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(tmp_path / "home"))
    assert with_remember(LAPTOP, options("--remember")).remember == tmp_path / "home" / "memory.sqlite"
    chosen = tmp_path / "mine.sqlite"
    assert with_remember(LAPTOP, options("--remember", str(chosen))).remember == chosen
    assert chosen.stat().st_mode & 0o777 == 0o600


def test_what_cannot_remember_is_refused(tmp_path: Path) -> None:
    scripted = replace(LAPTOP, engine=ScriptedSettings())
    with pytest.raises(BadInput, match="cannot be remembered"):
        with_remember(scripted, options("--remember", str(tmp_path / "m")))
    with pytest.raises(BadInput, match="choose another file"):
        with_remember(LAPTOP, options("--remember", str(tmp_path)))
