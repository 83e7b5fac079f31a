"""`omnilive ask` about documents, as far as the command goes; the reading itself is tested with its engine.

Also tests `document_texts.py`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from dialogue.library.library import title_of
from stream.long_text.reduction import Reading
from tests.dialogue.library.formats.made_documents import pdf
from ui.command_line import main
from ui.commands.long_texts.ask_text import show
from ui.commands.long_texts.document_texts import named_sections, sections_of_file


def test_a_timeline_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (notes := tmp_path / "notes.txt").write_text("The bridge fell on 3 May 1912.\n\nIt was built in 1880.")
    assert main(["ask", str(notes), "Show me a timeline."]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "1880: It was built in 1880. (line 3)"
    assert second == "3 May 1912: The bridge fell on 3 May 1912. (line 1)"


def test_places_of_several_documents_have_their_names(tmp_path: Path) -> None:
    first = pdf(tmp_path / "rental_contract.pdf", "The rent is 940 euros.")
    (second := tmp_path / "notes.txt").write_text("The code is 4711.")
    assert [
        section.place
        for section in named_sections([(title_of(path), partial(sections_of_file, path)) for path in (first, second)])
    ] == [
        "rental contract, page 1",
        "notes, line 1",
    ]


def test_progress_is_one_line_a_part(capsys: pytest.CaptureFixture[str]) -> None:
    show(Reading(0, 9, 130.0))
    assert capsys.readouterr().err == "9 parts are read, about 2 minutes; Ctrl-C ends it\n"
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
