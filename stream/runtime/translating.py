"""Live translation in a session, as input and output events beside those of `events.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["off", "table", "captions"]


@dataclass(frozen=True, slots=True)
class TranslationSwitched:
    """The user switched translation: for people at one table, as captions, or off. `language` is the user's own, ""
    for the one that is spoken now."""

    mode: Mode
    language: str = ""


@dataclass(frozen=True, slots=True)
class TranslationChanged:
    """How the session translates now: between `mine` and `theirs` ("" until it is heard), codes of languages."""

    mode: Mode
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Translated:
    """A sentence of the user's words in the turn, numbered from 0, as a caption in another language."""

    turn: int
    number: int
    text: str
    language: str
