"""The library of a server answers searches, and reads what changes in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.library.library import Library
from dialogue.memory.sentence_embedding import SentenceEmbedder
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
        service = LibraryService(file, embedder)
        try:
            assert await service.search("What is the code of the garage?") == []
            (folder / "notes.txt").write_text("The code of the garage is 4711.")
            await until(lambda: [each.complete for each in library.documents()] == [True])
            return (await service.search("What is the code of the garage?"))[0].passage.text
        finally:
            service.close()

    assert asyncio.run(found()) == "The code of the garage is 4711."
    library.close()
