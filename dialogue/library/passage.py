"""The parts of a document. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document in reading order. `place` says where it is, such as "page 3"; empty where nothing is
    known but the document."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences of a document, from one place. `number` orders the passages of a document. `text` is data: it
    is quoted, and never followed as an instruction."""

    number: int
    title: str
    path: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that a search found. `similarity` is the cosine of its meaning and the question's, -1 .. 1; `covered`
    the share of the question's words that it has, rare words counting more, 0 .. 1; `score` orders the findings.
    `before` and `after` are the texts of its neighbours in the same place, of the best finding alone."""

    passage: Passage
    similarity: float
    covered: float
    score: float
    before: str = ""
    after: str = ""
