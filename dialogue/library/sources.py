"""Words a place in a document: "in the rental contract, page 3". Pure."""

from __future__ import annotations

from dialogue.library.passage import Passage


def source(passage: Passage) -> str:
    """For a list: "rental contract, page 3"."""
    return ", ".join(filter(None, (plain_title(passage.title), passage.place)))


def spoken_source(passage: Passage) -> str:
    """For a sentence: "in the rental contract, page 3"."""
    title = plain_title(passage.title)
    named = f"the {title}" if title[:1].islower() and not title.startswith(("my ", "our ", "the ")) else title
    return ", ".join(filter(None, (f"in {named}", passage.place)))


def plain_title(title: str) -> str:
    """A title without quotation marks and at most 60 characters: it is a file's name, and may hold anything."""
    return " ".join("".join(letter for letter in title if letter not in '“”"<>|[]{}').split())[:60]
