"""Splits a text into parts that a model reads one by one, at the ends of sections and sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dialogue.library.cutting import passages_of
from dialogue.library.passage import Section


@dataclass(frozen=True, slots=True)
class Part:
    """`number` counts from 1. `place` says where it begins and ends, such as "page 3 to page 5"."""

    number: int
    place: str
    text: str


def parts_of(sections: Iterable[Section], most_characters: int) -> Iterator[Part]:
    """Parts of at most about `most_characters` characters, and no sentence in two of them."""
    assert most_characters >= 200, "a part holds some sentences"
    number, held, length = 1, list[Section](), 0
    for passage in passages_of(sections):
        if held and length + len(passage.text) > most_characters:
            yield _part(number, held)
            number, held, length = number + 1, [], 0
        held.append(passage)
        length += len(passage.text) + 1
    if held:
        yield _part(number, held)


def place_from_to(first: str, last: str) -> str:
    """The place of a stretch of text; empty where nothing is known."""
    return first if first == last else f"{first or 'the beginning'} to {last or 'the end'}"


def _part(number: int, held: list[Section]) -> Part:
    place = place_from_to(held[0].place, held[-1].place)
    return Part(number, place, " ".join(passage.text for passage in held))
