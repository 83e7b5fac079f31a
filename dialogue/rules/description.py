"""Describes what is in view in a sentence or two: by rule, or phrased by a small model and checked against the facts.

The model gets the things in view and never the text that was read: a rule quotes that after its sentence. A phrasing
that drops, adds or changes anything is refused; the caller then uses the rule's sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.blocks import Fact, Place
from dialogue.memory.scene_memory import SceneMemory
from dialogue.text.grammar import number_of, sentence
from dialogue.text.labels import names_in
from dialogue.text.plain_words import plain
from dialogue.text.scene_description import DARK
from dialogue.text.scene_phrases import MOST_THINGS, grouped, quotations, thing, things, total, where

# The model's prompt: facts as a user would list them, and the sentence wanted.
PHRASING_SYSTEM = "You turn a list of facts into one short spoken sentence. Use every fact and add nothing."
PHRASING_EXAMPLES: tuple[tuple[str, str], ...] = (
    ("a person in the middle; a red cup on the left", "I see a person in the middle and a red cup on the left."),
    (
        "two people, one on the left and one on the right; a laptop",
        "There are two people, one on the left and one on the right, and there is a laptop.",
    ),
    ("three chairs; a black cat on the right", "I can see three chairs, and on the right there is a black cat."),
    ("a dog", "I see a dog."),
)

# The words a phrasing may use besides those of the facts. A closed list: any other word is invented.
_GLUE = frozenset(
    re.findall(
        r"\w+",
        "i a an the see can also there is are and with in on at of to my your you me it that which while as well both"
        " each one ones other another some pair pairs next beside near plus right now here front view picture camera"
        " middle center left side looking at seems like looks spot notice few things",
    )
)
_COLOURS = frozenset(
    re.findall(r"\w+", "red green blue yellow orange black white gray brown pink purple turquoise beige gold silver")
)
_SIDES = {"left": "left", "right": "right", "middle": "centre", "center": "centre"}


def describe(memory: SceneMemory, place: Place = "", seed: int = 0, phrasing: str | None = None) -> str:
    """Describes what is in view now, at `place` or anywhere, and what can be read. `phrasing` replaces the sentence on
    things; a model's description of the whole picture is quoted instead of both."""
    if not place and (captions := memory.present("description")):
        return f"I see this: “{captions[-1].text}”"
    facts = in_view(memory, place)
    texts = [fact.text for fact in memory.present("text") if not place or fact.place in (place, "")]
    parts = [phrasing] if phrasing else [_things_seen(facts, place, seed)] if facts else []
    if texts:
        parts.append(sentence(f"{'it' if facts else 'I can read a text, it'} says {quotations(texts)[0]}"))
    if not parts:
        return _nothing(memory, place)
    light = next((fact.label for fact in memory.present("light")), "")
    if light in ("dark", "dim") and not place:
        parts.append(f"It is quite {light}.")
    return " ".join(parts)


def in_view(memory: SceneMemory, place: Place = "") -> list[Fact]:
    """The things that a description is about."""
    return [fact for fact in memory.present("object") if not place or fact.place == place]


def _things_seen(facts: Sequence[Fact], place: Place, seed: int) -> str:
    if place:
        return sentence(f"{where(place)} I see {things(facts, places=False)}")
    verb = ("I see", "I can see", "right now I see")[seed % 3]
    return sentence(f"{verb} {things(facts)}")


def _nothing(memory: SceneMemory, place: Place) -> str:
    if place:
        return sentence(f"I don't recognise anything {where(place)}")
    light = next((fact.label for fact in memory.present("light")), "")
    if light == "dark":
        return DARK
    colours = [fact.label for fact in memory.present("colour")]
    mostly = f" It is mostly {colours[0]}." if colours else ""
    return f"I don't see anything I recognise.{mostly}"


def as_facts(facts: Sequence[Fact]) -> str:
    """The facts as the phrasing prompt lists them."""
    return "; ".join(thing(group) for group in grouped(facts)[:MOST_THINGS])


def keeps_facts(said: str, facts: Sequence[Fact]) -> bool:
    """Whether a phrasing states all the facts and nothing else: things, numbers, colours, places, no other words."""
    tokens = plain(said).replace("right now", "now").split()
    labels = {fact.label for fact in facts}
    colours = {plain(fact.colour) for fact in facts if fact.colour}
    named_labels: set[str] = set()
    rest = set(tokens)
    names = list(names_in(tokens))
    starts = {start for _, start, _ in names}
    for named, start, end in names:
        words = tokens[start:end]
        if not named.labels or (words[0] in colours and end in starts):
            continue  # "camera", or the colour of an orange bowl
        if len(named.labels) > 1 or not named.exact:
            return False
        named_labels.add(named.labels[0])
        rest -= set(words)
    numbers = {number for word in rest if (number := number_of(word)) is not None}
    totals = {total(group) for group in grouped(facts)}
    return (
        named_labels == labels
        and totals - {1} <= numbers <= totals | {fact.count for fact in facts} | {1}
        and rest & _COLOURS == colours
        and {_SIDES[word] for word in rest if word in _SIDES} == {fact.place for fact in facts if fact.place}
        and all(word in _GLUE | _COLOURS or number_of(word) is not None for word in rest)
    )
