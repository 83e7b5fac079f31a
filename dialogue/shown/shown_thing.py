"""One thing that the user showed, as it was understood. Plain data; all words in it are quoted data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialogue.blocks import SceneBlock

ShownKind = Literal["picture", "film", "recording", "document"]


@dataclass(frozen=True, slots=True)
class SaidAt:
    """What is said from `start_s` to `end_s` of a film or recording."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class View:
    """What is to be seen: in a picture, on a page, or in a film from `at_s` on. `rows` is its text, row by row."""

    scene: SceneBlock
    rows: tuple[str, ...] = ()
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a part of a document; `place` names it: "page 3"."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownThing:
    """`number` counts the things of a call from 1, `batch` those that came together. `views` is empty for an engine
    that sees the pictures itself; `taken` is when a picture was taken, by its file: ISO 8601, or empty."""

    number: int
    batch: int
    kind: ShownKind
    name: str
    views: tuple[View, ...] = ()
    said: tuple[SaidAt, ...] = ()
    pages: tuple[PageText, ...] = ()
    taken: str = ""
    seconds: float = 0.0

    @property
    def rows(self) -> tuple[str, ...]:
        """All text in it, row by row."""
        seen = [row for view in self.views for row in view.rows]
        written = [line for page in self.pages for line in page.text.splitlines() if line.strip()]
        return (*seen, *written)
