"""A library of documents: keeps their passages, and finds those that answer a question.

A search by words (BM25) and one by meaning (cosine of sentence embeddings) are fused by rank, and the best are ordered
again by how much of the question they have, or by a cross-encoder. Reciprocal rank fusion: Cormack, Clarke and
Buettcher, SIGIR 2009.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialogue.library.library_file import opened_library
from dialogue.library.models import Embed, RetrievalModels
from dialogue.library.passage import Found, Passage, Section
from dialogue.library.question_words import question_words

CANDIDATES = 40  # of each search
RERANKED = 16  # of the fused candidates
FUSION = 60  # the constant of reciprocal rank fusion, as in the paper
COMMON = 2000  # passages with a word, from which on they are not counted exactly
COVERAGE_WEIGHT = 0.6  # of the covered words, beside the similarity


@dataclass(frozen=True, slots=True)
class Document:
    """One file. `fault` is a sentence on why it could not be read; empty where it was. `size` in bytes, `changed` in
    nanoseconds of the file's clock: as long as both stay, the file is not read again."""

    number: int
    path: Path
    title: str
    size: int
    changed: int
    complete: bool
    fault: str
    passages: int


class Library:
    """One connection to the file, for one thread at a time; others may read and write the file meanwhile. Every method
    blocks."""

    def __init__(self, path: Path | None, models: RetrievalModels | Embed) -> None:
        """`path` None: in memory. A function instead of models embeds as the built-in model does. Raises BadInput for a
        file that cannot be a library, or was made with another embedder."""
        self._models = models if isinstance(models, RetrievalModels) else RetrievalModels(models, models)
        self._db = opened_library(path, self._models.name, self._models.width)

    def close(self) -> None:
        self._db.close()

    # What belongs to the library.

    def roots(self) -> list[Path]:
        """The files and folders that the user has added."""
        return [Path(path) for (path,) in self._db.execute("SELECT path FROM roots ORDER BY path")]

    def add_root(self, root: Path) -> None:
        self._db.execute("INSERT OR IGNORE INTO roots VALUES (?)", (str(root),))

    def remove_root(self, root: Path) -> int:
        """Removes a file or folder that was added, or a document in one; returns how many documents went."""
        self._db.execute("DELETE FROM roots WHERE path=?", (str(root),))
        gone = [each for each in self.documents() if each.path == root or root in each.path.parents]
        for each in gone:
            self.remove(each.path)
        return len(gone)

    def documents(self) -> list[Document]:
        """All documents, by path."""
        rows = self._db.execute(
            "SELECT d.number, path, title, size, changed, complete, fault, "
            "(SELECT count(*) FROM passages WHERE document=d.number) FROM documents d ORDER BY path"
        )
        return [
            Document(number, Path(path), title, size, changed, bool(complete), fault, count)
            for number, path, title, size, changed, complete, fault, count in rows
        ]

    def begin(self, path: Path, size: int, changed: int) -> int:
        """Begins a document, or goes on with one that was not completed; what was stored of an older version goes.
        Returns how many passages are stored already."""
        query = "SELECT count(p.number) FROM documents d LEFT JOIN passages p ON p.document=d.number "
        same = f"{query} WHERE path=? AND size=? AND changed=? GROUP BY d.number"
        for stored in self._numbers(same, (str(path), size, changed)):
            return stored
        with self._transaction():
            self._delete(path)
            self._db.execute(
                "INSERT INTO documents(path, title, size, changed) VALUES (?,?,?,?)",
                (str(path), title_of(path), size, changed),
            )
        return 0

    def append(self, path: Path, passages: Sequence[Section]) -> None:
        """Stores the next passages of a document that was begun, with their vectors, all or none."""
        vectors = self._models.passages([f"{title_of(path)}. {passage.text}" for passage in passages])
        with self._transaction():
            [document] = self._numbers("SELECT number FROM documents WHERE path=?", (str(path),))
            for passage, vector in zip(passages, vectors, strict=True):
                self._db.execute(
                    "INSERT INTO passages(document, place, text) VALUES (?,?,?)",
                    (document, passage.place, passage.text),
                )
                self._db.execute(
                    "INSERT INTO vectors(rowid, meaning) VALUES (?,?)", (self._db.last_insert_rowid(), vector.tobytes())
                )

    def complete(self, path: Path, fault: str = "") -> None:
        """The document has been read to its end, or cannot be read, for a reason."""
        self._db.execute("UPDATE documents SET complete=1, fault=? WHERE path=?", (fault, str(path)))

    def remove(self, path: Path) -> None:
        """Removes a document for good."""
        with self._transaction():
            self._delete(path)

    # What is found in it.

    def search(self, question: str, most: int = 5) -> list[Found]:
        """The passages that have most to do with the question, the best first."""
        words = question_words(question)
        by_meaning = self._by_meaning(self._models.question([question])[0])
        by_words = self._by_words(words)
        fused: defaultdict[int, float] = defaultdict(float)
        for ranked in (list(by_meaning), by_words):
            for rank, number in enumerate(ranked, 1):
                fused[number] += 1 / (FUSION + rank)
        best = sorted(fused, key=lambda number: -fused[number])[:RERANKED]
        covered, passages = self._covered(words, best), self._passages(best)
        similar = self._similar(question, passages, by_meaning)
        found = [
            Found(
                passage,
                similarity,
                covered[passage.number],
                similarity + COVERAGE_WEIGHT * covered[passage.number] + fused[passage.number],
            )
            for passage, similarity in zip(passages, similar, strict=True)
        ]
        ordered = sorted(found, key=lambda each: -each.score)[:most]
        return [self._with_neighbours(each) if place == 0 else each for place, each in enumerate(ordered)]

    def _with_neighbours(self, found: Found) -> Found:
        number = found.passage.number
        query = (
            "SELECT n.number, n.text FROM passages n JOIN passages p ON n.document=p.document AND n.place=p.place "
            "WHERE p.number=? AND n.number IN (?, ?)"
        )
        texts = dict(self._db.execute(query, (number, number - 1, number + 1)))
        return replace(found, before=texts.get(number - 1, ""), after=texts.get(number + 1, ""))

    def meanings(self, path: Path) -> tuple[list[Passage], NDArray[np.float32]]:
        """All passages of one document in order, and their vectors (n, WIDTH)."""
        query = "SELECT p.number, v.meaning FROM passages p JOIN vectors v ON v.rowid=p.number WHERE document="
        rows = self._db.execute(f"{query}(SELECT number FROM documents WHERE path=?) ORDER BY p.number", (str(path),))
        numbers, vectors = list[int](), list[NDArray[np.float32]]()
        for number, meaning in rows:
            numbers.append(number)
            vectors.append(np.frombuffer(meaning, np.float32))
        return self._passages(numbers), np.array(vectors, np.float32)

    def _similar(self, question: str, passages: Sequence[Passage], by_meaning: dict[int, float]) -> list[float]:
        """How well each passage fits the question: by the cross-encoder where there is one, else by the vectors."""
        if self._models.rerank is not None:
            return [float(score) for score in self._models.rerank(question, [each.text for each in passages])]
        found = [by_meaning.get(passage.number) for passage in passages]
        return [0.0 if cosine is None else self._models.similarity(cosine) for cosine in found]

    def _by_meaning(self, vector: NDArray[np.float32]) -> dict[int, float]:
        """The similarities of the nearest passages, the nearest first."""
        query = "SELECT rowid, distance FROM vectors WHERE meaning MATCH ? AND k=? ORDER BY distance"
        rows = self._db.execute(query, (vector.tobytes(), CANDIDATES))
        return {number: 1 - distance for number, distance in rows}

    def _by_words(self, words: Sequence[str]) -> list[int]:
        """The passages with any of the words, the best first."""
        if not words:
            return []
        sought = " OR ".join(f'"{word}"' for word in words)
        query = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
        return self._numbers(query, (sought, CANDIDATES))

    def _covered(self, words: Sequence[str], numbers: Sequence[int]) -> dict[int, float]:
        """The share of the words that each passage, or the title of its document, has; rare words count more."""
        titles = {
            number: set(question_words(title))
            for number, title in self._db.execute(
                "SELECT p.number, title FROM passages p JOIN documents d ON d.number=p.document "
                f"WHERE p.number IN ({_marks(numbers)})",
                tuple(numbers),
            )
        }
        [count] = self._numbers("SELECT count(*) FROM passages")
        total, has = 0.0, dict.fromkeys(numbers, 0.0)
        for word in words:
            query, sought = "SELECT rowid FROM words WHERE words MATCH ?", f'"{word}"'
            weight = math.log(1 + count / (1 + len(self._numbers(f"{query} LIMIT {COMMON}", (sought,)))))
            here = self._numbers(f"{query} AND rowid IN ({_marks(numbers)})", (sought, *numbers))
            total += weight
            for number in {*here, *(each for each in numbers if word in titles.get(each, ()))}:
                has[number] += weight
        return {number: value / total if total else 0.0 for number, value in has.items()}

    def _passages(self, numbers: Sequence[int]) -> list[Passage]:
        """In the order of `numbers`."""
        rows = self._db.execute(
            "SELECT p.number, title, path, place, text FROM passages p JOIN documents d ON d.number=p.document "
            f"WHERE p.number IN ({_marks(numbers)})",
            tuple(numbers),
        )
        there = {row[0]: Passage(*row) for row in rows}
        return [there[number] for number in numbers if number in there]

    def _numbers(self, query: str, values: Sequence[Any] = ()) -> list[int]:
        """The first column of the rows."""
        rows: Iterator[tuple[Any, ...]] = iter(self._db.execute(query, tuple(values)))
        return [number for (number,) in rows]

    def _delete(self, path: Path) -> None:
        self._db.execute(
            "DELETE FROM passages WHERE document=(SELECT number FROM documents WHERE path=?)", (str(path),)
        )
        self._db.execute("DELETE FROM documents WHERE path=?", (str(path),))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def title_of(path: Path) -> str:
    """How a document is called: its file's name in words."""
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split()) or path.name


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))
