"""Chooses the parts of a film, a recording or a document that a question may be about: all of it fits no context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialogue.shown.film_answers import content_words, events_of
from dialogue.shown.shown_thing import ShownThing
from dialogue.text.time_words import clock_time

MOST_MOMENTS, MOST_PASSAGES = 6, 3
PASSAGE_CHARACTERS = 450


def excerpts(question: str, thing: ShownThing) -> list[tuple[str, str]]:
    """(title, text) of the parts that share most words with the question, in their order; the first where none does."""
    match thing.kind:
        case "film" | "recording":
            moments = [f"at {clock_time(each.at_s)} {each.words}" for each in events_of(thing)]
            return [(f"{thing.kind} {thing.number}", text) for text in _best(question, moments, MOST_MOMENTS)]
        case "document":
            passages = [f"{place}: {text}" for place, text in _passages(thing)]
            return [(f"document {thing.number}", text) for text in _best(question, passages, MOST_PASSAGES)]
        case _:
            return []


def _best(question: str, texts: Sequence[str], most: int) -> list[str]:
    wanted = content_words(question)
    shared = [len(wanted & content_words(text)) for text in texts]
    best = sorted(range(len(texts)), key=lambda number: (-shared[number], number))[:most]
    return [texts[number] for number in sorted(best)]


def _passages(thing: ShownThing) -> Iterator[tuple[str, str]]:
    """Whole lines, as many as make a passage."""
    for page in thing.pages:
        passage = ""
        for line in filter(None, map(str.strip, page.text.splitlines())):
            if passage and len(passage) + len(line) > PASSAGE_CHARACTERS:
                yield page.place, passage
                passage = ""
            passage = f"{passage} {line[: 2 * PASSAGE_CHARACTERS]}".strip()
        if passage:
            yield page.place, passage
