"""`omnilive library` from the command line: adds, lists, asks and removes. --library: which index it means.

Also tests `stream/library/update.py` and `stream/models/engine_alone.py`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.engines.settings import ScriptedSettings
from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from tests.dialogue.library.formats.made_documents import pdf
from ui.command_line import main, parser
from ui.commands.library import with_library

LAPTOP = SETUPS["laptop"]


def test_documents_are_added_asked_about_and_removed(
    weights: WeightStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    pdf(folder / "rental-contract.pdf", "The flat has two rooms.", "The monthly rent is 940 euros, due on the third.")
    (folder / "damaged.pdf").write_bytes(b"%PDF")
    library = ["library", "--file", str(tmp_path / "library.sqlite")]

    assert main([*library, "add", str(folder)]) == 1
    assert "damaged.pdf is not a PDF that can be read." in capsys.readouterr().out
    (folder / "damaged.pdf").unlink()
    assert main([*library, "update"]) == 0
    assert "0 read, 1 removed, 1 in the library" in capsys.readouterr().out
    assert main(library) == 0
    assert "2 passages" in capsys.readouterr().out

    assert main([*library, "ask", "How much is the monthly rent?", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "940" in answer["answer"]
    assert answer["source"]["place"] == "page 2"
    assert main([*library, "ask", "Who wrote War and Peace?"]) == 0
    assert capsys.readouterr().out.startswith("I find nothing about that")

    assert main([*library, "remove", str(folder)]) == 0
    assert main([*library, "ask", "How much is the rent?"]) == 2
    assert "The library is empty" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "error"), [("nowhere", "no file or folder"), ("a.exe", "a document is one of")])
def test_what_is_no_document_is_refused(
    name: str, error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.exe").write_bytes(b"")
    assert main(["library", "--file", str(tmp_path / "l"), "add", str(tmp_path / name)]) == 2
    assert error in capsys.readouterr().err


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
