"""The library of a server answers searches, and reads what changes in a process of its own.

Also tests `library_models.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.library.library import Library
from dialogue.library.models import BUILT_IN
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.library.library_models import ModelFolders
from stream.library.library_service import LibraryService
from stream.models.weights import WeightStore


@pytest.fixture
def embedder(weights: WeightStore) -> Path:
    return weights.path("all-minilm-l6-v2")


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not there():  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.05)


def test_a_new_file_is_found_while_the_service_runs(
    tmp_path: Path, embedder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.library.library_service.WATCH_EVERY_S", 0.1)
    (folder := tmp_path / "documents").mkdir()
    file = tmp_path / "library.sqlite"
    library = Library(file, SentenceEmbedder(embedder).embed)
    library.add_root(folder)

    async def found() -> str:
        service = LibraryService(file, ModelFolders(BUILT_IN, embedder))
        try:
            assert await service.search("What is the code of the garage?") == []
            (folder / "notes.txt").write_text("The code of the garage is 4711.")
            await until(lambda: [each.complete for each in library.documents()] == [True])
            return (await service.search("What is the code of the garage?"))[0].passage.text
        finally:
            service.close()

    assert asyncio.run(found()) == "The code of the garage is 4711."
    library.close()


def test_a_document_that_is_shown_is_kept_read_and_replaced_by_its_next_version(tmp_path: Path, embedder: Path) -> None:
    file, question = tmp_path / "home" / "library.sqlite", "What is the code of the garage?"
    file.parent.mkdir()
    note, library = tmp_path / "note.txt", Library(file, SentenceEmbedder(embedder).embed)

    async def found(service: LibraryService, text: str) -> str:
        note.write_text(text)
        await service.take(note)
        await until(lambda: [(each.complete, each.size) for each in library.documents()] == [(True, len(text))])
        return (await service.search(question))[0].passage.text

    async def story() -> list[str]:
        service = LibraryService(file, ModelFolders(BUILT_IN, embedder))
        try:
            return [await found(service, f"The code of the garage is {code}.") for code in ("4711", "90210")]
        finally:
            service.close()

    assert asyncio.run(story()) == ["The code of the garage is 4711.", "The code of the garage is 90210."]
    assert (file.parent / "shown documents").stat().st_mode & 0o77 == 0
    library.close()
