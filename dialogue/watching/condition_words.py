"""Reads what a rule is to wait for: "someone comes in", "the light goes off", "the cup is gone". Pure rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dialogue.blocks import Place
from dialogue.text.grammar import number_of, with_article
from dialogue.text.labels import Thing, mask_things, spoken
from dialogue.text.plain_words import plain
from dialogue.watching.condition import Condition, ConditionKind
from dialogue.watching.condition_patterns import AS_SAID, MASKED

_CLAIMED = re.compile(r"^(?:someone|somebody|anyone|anybody|nobody|everyone|everybody|something|anything)s\b")
_LEAVES = re.compile(r"(?<!\bthe )(?<!\bmy )(?<!\bany )(?<!\bsome )(?<!\bsee )\bleaves\b")  # the verb, not the noun
_ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5}
_PLACES: Mapping[str, Place] = {"left": "left", "right": "right", "middle": "centre", "center": "centre"}
_OTHER = re.compile(r"(an?|the|my|our|his|her|their|your|that|this) (\w+)(?= )")
_NO_THINGS = frozenset(
    re.findall(r"\w+", "time end war day night moment game music sound call answer result point idea")
)
# Verbs that say what somebody does: a picture at a time shows who is there, not what they do.
_DOES = re.compile(
    r"\b(?:smiles?|laughs?|cries|waves?|falls?|sleeps?|wakes?|dances?|eats?|drinks?|sits?|stands?|sings?|speaks?|talks?"
    r"|barks?|boils?|rings?|knocks?|opens?|closes?|burns?|starts?|stops?|ends?|is (?:done|ready|finished)|looks?"
    r"|points?)\b"
)


@dataclass(frozen=True, slots=True)
class Unwatchable:
    """A clause that waits for something that is not recognised. `why` is a sentence."""

    why: str


def condition_in(clause: str, text: str = "") -> Condition | Unwatchable | None:
    """What a clause in plain words waits for; None where it is nothing to be seen. `text` is what the user said, whose
    spelling a word to be read keeps."""
    words = _LEAVES.sub("departs", _CLAIMED.sub(lambda found: f"{found[0][:-1]} is", clause))
    for kind, pattern in AS_SAID:
        if found := pattern.fullmatch(words):
            return _as_said(kind, found, text)
    masked, things = mask_things(words)
    for kind, pattern in MASKED:
        if (found := pattern.fullmatch(masked)) and (read := _masked(kind, found, things)) is not None:
            return read
    return _not_seen(masked, things)


def _as_said(kind: ConditionKind, found: re.Match[str], text: str) -> Condition:
    if kind in ("appears", "leaves", "none left"):
        return Condition(kind, ("person",), "person")
    named = found.groupdict()
    words = named.get("text") or named.get("more") or ""
    return Condition(kind, text=_spelling(words, text))


def _masked(kind: ConditionKind, found: re.Match[str], things: list[Thing]) -> Condition | Unwatchable | None:
    named = found.groupdict()
    number = _number(named.get("number"), named.get("over") is not None and named["over"] != "at least")
    if kind == "count" and number is None:
        return None
    before = found.string[: found.start("np")].count("THING") if named.get("np") else 0
    thing = things[before]
    if not thing.labels:
        return Unwatchable(f"I don't recognise {with_article(thing.said)} by sight.")
    colour = named.get("colour") or named.get("worn") or ""
    place = _PLACES.get(named.get("side") or "", "")
    said = thing.said if thing.exact else spoken(thing.labels[0])
    return Condition(kind, thing.labels, said, colour, place, number or 1)


def _not_seen(masked: str, things: list[Thing]) -> Unwatchable | None:
    """Why a clause about something visible cannot be watched for; None where it is about something else."""
    named = _OTHER.match(masked)
    if named is not None and named[2] not in _NO_THINGS:
        # "My wife comes home" has the form of an arrival, with a subject that the detector does not know.
        clause = f"the THING{masked[named.end() :]}"
        if any(pattern.fullmatch(clause) for kind, pattern in MASKED if kind != "count"):
            owner = {"my": "your", "our": "your", "your": "my"}.get(named[1], named[1])
            return Unwatchable(f"I don't recognise {owner} {named[2]} by sight.")
    unknown = next((thing for thing in things if not thing.labels), None)
    if unknown is not None:
        return Unwatchable(f"I don't recognise {with_article(unknown.said)} by sight.")
    if things and _DOES.search(masked):
        return Unwatchable("I see who and what is there, not what they do.")
    return None


def _number(word: str | None, over: bool) -> int | None:
    if word is None:
        return None
    number = _ORDINALS.get(word) or number_of(word)
    if number is None or not 1 <= number + over <= _MOST_COUNTED:
        return None
    return number + over


def _spelling(words: str, text: str) -> str:
    """The words as the user wrote them, where they can be found: "EXIT"."""
    parts = text.split()
    for length in range(1, len(parts) + 1):
        for start in range(len(parts) - length + 1):
            written = " ".join(parts[start : start + length])
            if words and plain(written) == words:
                return written.strip(".,;:!?\"'“”‘’")
    return words


_MOST_COUNTED = 20
