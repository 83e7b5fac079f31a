"""`omnilive ask` about documents, as far as the command goes; the reading itself is tested with its engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.requests.long_text import Reading
from tests.dialogue.library.formats.made_documents import pdf
from ui.command_line import main
from ui.commands.ask_text import asks_for_summary, sections_of_files, show


@pytest.mark.parametrize(
    ("question", "summary"),
    [
        (None, True),
        ("Summarize it.", True),
        ("please sum up the text", True),
        ("What is this about?", True),
        ("What does the summary say?", False),
        ("Who sums up?", False),
    ],
)
def test_a_summary_is_asked_for(question: str | None, summary: bool) -> None:
    assert asks_for_summary(question) is summary


def test_places_of_several_documents_have_their_names(tmp_path: Path) -> None:
    first = pdf(tmp_path / "rental_contract.pdf", "The rent is 940 euros.")
    (second := tmp_path / "notes.txt").write_text("The code is 4711.")
    assert [section.place for section in sections_of_files([first, second])] == [
        "rental contract, page 1",
        "notes, line 1",
    ]


def test_progress_is_one_line_a_part(capsys: pytest.CaptureFixture[str]) -> None:
    show(Reading(3, 9, 75.0, "Vardo"))
    assert capsys.readouterr().err == "3 of 9 parts, 1:15 left; so far: Vardo\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["{}/notes.txt", "What is the code?"], "makes up answers about texts"),
        (["{}/notes.txt", "{}/photo.jpg", "What is it?"], "cannot be asked about together"),
        (["{}/nowhere.pdf", "What is it?"], "There is no file"),
    ],
)
def test_what_cannot_be_read_is_refused(
    arguments: list[str], error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("The code is 4711.")
    assert main(["ask", *(argument.format(tmp_path) for argument in arguments)]) == 2
    assert error in capsys.readouterr().err
