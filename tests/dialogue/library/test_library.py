"""A library keeps passages, finds them, and forgets what is removed. Also tests `library_file.py` and `models.py`."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.library.library import Library, title_of
from dialogue.library.library_file import choose_model, chosen_models
from dialogue.library.models import RetrievalModels
from dialogue.library.passage import Section
from tests.dialogue.library.embedding import library_of, word_vectors

RENT = [
    ("page 1", "The flat is on the third floor."),
    ("page 2", "The monthly rent is 940 euros."),
    ("page 3", "The notice period is three months."),
]


def found(library: Library, question: str) -> list[tuple[str, str]]:
    return [(each.passage.title, each.passage.place) for each in library.search(question)]


def test_the_passage_with_the_words_comes_first() -> None:
    library = library_of(contract=RENT, talk=[("at 0:41", "The lighthouse was built in 1871.")])
    assert found(library, "How much is the rent?")[0] == ("contract", "page 2")
    assert found(library, "When was the lighthouse built?")[0] == ("talk", "at 0:41")


def test_a_word_of_the_title_counts() -> None:
    library = library_of(
        dishwasher=[("page 1", "The guarantee lasts two years.")], oven=[("page 1", "The guarantee lasts five years.")]
    )
    assert found(library, "How long is the guarantee of the oven?")[0] == ("oven", "page 1")


def test_covered_is_the_share_of_the_words() -> None:
    [first, *_] = library_of(contract=RENT).search("notice period for the garage")
    assert 0.3 < first.covered < 0.9
    [first, *_] = library_of(contract=RENT).search("notice periods")
    assert first.covered == pytest.approx(1)


@pytest.mark.parametrize("question", ["", "?", '"', "* AND (", "NEAR(", "%", "a\0b", "ü" * 5000])
def test_any_question_can_be_searched_for(question: str) -> None:
    assert len(library_of(contract=RENT).search(question)) <= 5
    assert library_of().search(question) == []


def test_neighbours_of_the_same_place_come_with_the_best_finding() -> None:
    page = [
        ("page 1", "The harbour is old."),
        ("page 1", "The lighthouse was built in 1871."),
        ("page 1", "It is red."),
    ]
    library = library_of(contract=RENT, talk=[*page, ("page 2", "The museum is closed.")])
    best, *others = library.search("When was the lighthouse built?")
    assert (best.before, best.after) == ("The harbour is old.", "It is red.")
    assert not any(other.before or other.after for other in others)
    [best, *_] = library.search("museum")
    assert (best.before, best.after) == ("", "")


def test_what_is_removed_is_not_found() -> None:
    library = library_of(contract=RENT, talk=[("", "The lighthouse was built in 1871.")])
    assert library.remove_root(Path("/documents/talk.txt")) == 1
    assert "talk" not in {title for title, _ in found(library, "lighthouse")}
    assert [each.title for each in library.documents()] == ["contract"]
    assert library.remove_root(Path("/documents")) == 1
    assert found(library, "rent") == []


def test_a_document_goes_on_where_it_stopped_and_begins_again_when_it_has_changed() -> None:
    library, path = Library(None, word_vectors), Path("/documents/a.txt")
    assert library.begin(path, 1, 1) == 0
    library.append(path, [Section("", "One."), Section("", "Two.")])
    assert library.begin(path, 1, 1) == 2
    assert library.begin(path, 1, 2) == 0
    assert library.documents()[0].passages == 0


def test_a_failing_batch_leaves_nothing() -> None:
    library = library_of(contract=RENT)
    with pytest.raises(ValueError):
        library.append(Path("/documents/unknown.txt"), [Section("", "One.")])
    assert len(library.search("one", 50)) == len(RENT)


def test_a_file_is_private_and_is_found_again(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "library.sqlite"
    library = Library(file, word_vectors)
    library.add_root(tmp_path)
    library.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Library(file, word_vectors).roots() == [tmp_path]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "x.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE a(b)")
    with pytest.raises(BadInput, match="something else"):
        Library(file, word_vectors)
    text = tmp_path / "y.sqlite"
    text.write_text("no data base, but a long enough text " * 30)
    with pytest.raises(BadInput, match="choose another file"):
        Library(text, word_vectors)


def test_a_title_is_the_name_of_the_file_in_words() -> None:
    assert title_of(Path("/a/rental_contract-2024.pdf")) == "rental contract 2024"


def test_a_library_keeps_to_its_embedder_and_orders_by_its_reranker(tmp_path: Path) -> None:
    def narrow(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = word_vectors(texts)[:, :16] + 0.01
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def rerank(_question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([1.0 if "lawn" in text else 0.0 for text in texts], np.float32)

    models = RetrievalModels(narrow, narrow, "own/embedder", 16, rerank=rerank)
    library, path = Library(tmp_path / "library.sqlite", models), Path("/documents/a.txt")
    library.begin(path, 1, 1)
    library.append(path, [Section("line 1", "The roof is red."), Section("line 2", "Nobody walks on the lawn.")])
    assert library.search("What colour is the roof?")[0].passage.place == "line 2"
    library.close()
    choose_model(tmp_path / "library.sqlite", "reranker", "own/reranker")
    assert chosen_models(tmp_path / "library.sqlite") == {"embedder": "own/embedder", "reranker": "own/reranker"}
    with pytest.raises(BadInput, match="made with the embedder own/embedder"):
        Library(tmp_path / "library.sqlite", word_vectors)
    assert chosen_models(tmp_path / "nowhere.sqlite") == {}
