"""A library follows its files: new, changed, gone, damaged, and where a run was stopped."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dialogue.library.library import Library
from stream.library.indexing import BATCH, Indexing, Progress, files_of
from tests.dialogue.library.embedding import word_vectors
from tests.dialogue.library.formats.made_documents import pdf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes.txt").write_text("The code of the garage is 4711.")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "contract.md").write_text("# Rent\n\nThe rent is 940 euros.")
    (tmp_path / "picture.png").write_bytes(b"no document")
    (tmp_path / ".hidden.txt").write_text("hidden")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.txt").write_text("hidden")
    (tmp_path / "link.txt").symlink_to("/etc/passwd")
    return tmp_path


@pytest.fixture
def library(folder: Path) -> Library:
    made = Library(None, word_vectors)
    made.add_root(folder)
    return made


def places(library: Library, question: str) -> list[tuple[str, str]]:
    return [(each.passage.title, each.passage.place) for each in library.search(question) if each.covered > 0]


def test_documents_of_a_folder_are_read_once(library: Library) -> None:
    done = Indexing(library).refresh()
    assert (done.read, done.removed, done.faults) == (2, 0, ())
    assert places(library, "code of the garage") == [("notes", "line 1")]
    assert places(library, "rent") == [("contract", "under “Rent”")]
    assert Indexing(library).refresh().read == 0


def test_hidden_files_and_links_are_left_out(folder: Path) -> None:
    assert {path.name for path in files_of([folder])} == {"notes.txt", "contract.md"}
    assert files_of([folder / "nowhere"]) == {}


def test_changes_are_followed(library: Library, folder: Path) -> None:
    Indexing(library).refresh()
    notes = folder / "notes.txt"
    notes.write_text("The code of the garage is now 5822.")
    os.utime(notes, ns=(1, 1))  # a change within one tick of the clock
    (folder / "deep" / "contract.md").unlink()
    done = Indexing(library).refresh()
    assert (done.read, done.removed) == (1, 1)
    assert "5822" in library.search("garage code")[0].passage.text
    assert places(library, "rent") == []


def test_a_damaged_document_costs_itself_alone(library: Library, folder: Path) -> None:
    (folder / "damaged.pdf").write_bytes(b"%PDF-1.7 nothing")
    (folder / "empty.txt").write_text(" ")
    done = Indexing(library).refresh()
    assert done.read == 2
    assert sorted(done.faults) == [
        "damaged.pdf is not a PDF that can be read.",
        "empty.txt has no text that can be read.",
    ]
    assert Indexing(library).refresh().faults == ()  # not read again until it changes


def test_a_stopped_run_is_gone_on_with(library: Library, folder: Path) -> None:
    for path in files_of([folder]):
        path.unlink()
    (folder / "long.csv").write_text("name,age\n" + "".join(f"person {n},{n}\n" for n in range(3 * BATCH)))
    seen: list[Progress] = []
    Indexing(library, seen.append, lambda: bool(seen and seen[-1].passages)).refresh()
    assert [document.passages for document in library.documents()] == [BATCH]
    Indexing(library).refresh()
    [document] = library.documents()
    assert document.complete and document.passages == 3 * BATCH
    assert {each.passage.place for each in library.search("person 47")} >= {"row 49"}


def test_progress_is_reported(library: Library) -> None:
    seen: list[Progress] = []
    Indexing(library, seen.append).refresh()
    assert [(each.file, each.files, each.passages) for each in seen] == [(1, 2, 0), (1, 2, 1), (2, 2, 0), (2, 2, 1)]


def test_a_pdf_is_read_in_a_process_of_its_own(library: Library, folder: Path) -> None:
    pdf(folder / "contract.pdf", "First page.", "The deposit is 1880 euros.")
    Indexing(library).refresh()
    assert places(library, "deposit") == [("contract", "page 2")]


def test_a_large_file_is_refused_unread(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.library.indexing.MOST_BYTES", 10)
    assert np.all(["larger than" in fault for fault in Indexing(library).refresh().faults])
