"""Recognises, in any language that has a table, the questions and requests that must be answered exactly. Pure.

Longer sentences, and those about the wide world, are left to the model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialogue.blocks import Place
from dialogue.languages.language import ENGLISH, Language, language
from dialogue.languages.spans import seconds_in

_LONGEST_TEXT = 400
# A question is short: words, and characters where no spaces are written.
_MOST_WORDS, _MOST_CHARACTERS = 16, 30
_PLACES: tuple[Place, ...] = ("left", "right", "centre")


@dataclass(frozen=True, slots=True)
class Asked:
    """`label` is the detector's name of the thing, `other` a word for one that it does not know; `seconds` and `about`
    belong to a timer."""

    kind: str
    label: str = ""
    other: str = ""
    place: Place = ""
    seconds: float = 0.0
    about: str = ""


def asked(text: str, lang: Language) -> Asked | None:
    """What is asked in the last sentence of `text` that asks something; None where only a model can answer."""
    for sentence in reversed(re.split(r"[.!?。！？\n]+", text[-_LONGEST_TEXT:])):
        plain = lang.plain(sentence)
        length, most = (len(plain.split()), _MOST_WORDS) if lang.spaced else (len(plain), _MOST_CHARACTERS)
        if not plain or length > most:
            continue
        for words in dict.fromkeys((plain, lang.corrected(plain))):
            if (found := _in_sentence(words, sentence, lang)) is not None:
                return found
    return None


def asks_for_long_text(text: str, code: str) -> bool:
    """Whether `text`, in the language `code`, asks for a story or another long text. Never in English, which has
    rules."""
    if code == ENGLISH:
        return False
    return re.search(language(code).table["ask"]["long"], language(code).plain(text)) is not None


def _in_sentence(plain: str, sentence: str, lang: Language) -> Asked | None:
    masked, labels = lang.masked(plain)
    if (timer := _timer(plain, sentence, lang)) is not None:
        return timer
    worldly = re.search(lang.table["ask"]["world"], plain)
    for kind, pattern in lang.questions:
        found = pattern.search(masked if "@" in pattern.pattern else plain)
        if found is None or (worldly and kind not in ("left", "cancel")):
            continue
        groups = found.groupdict()
        label = ""
        if groups.get("thing"):
            label = labels[found.string[: found.end("thing")].count("@") - 1]
        elif groups.get("people"):
            label = "person"
        return Asked(kind, label, groups.get("other") or "", place_in(groups.get("place") or "", lang))
    return None


def place_in(words: str, lang: Language) -> Place:
    """The place that plain words name; "" where they name none."""
    places = lang.table["ask"]["places"]
    return next((place for place in _PLACES if words and re.search(places[place], words)), "")


def _timer(plain: str, sentence: str, lang: Language) -> Asked | None:
    table = lang.table["timer"]
    if not re.search(table["set"], plain):
        return None
    if any(re.search(pattern, plain) for kind in ("cancel", "left") for pattern in lang.table["ask"][kind]):
        return None
    seconds = seconds_in(plain, lang)
    if seconds is None:
        return None
    about = next((found["about"] for pattern in table["about"] if (found := re.search(pattern, plain))), "")
    return Asked("timer", seconds=seconds, about=_as_said(about.strip(), sentence, lang))


def _as_said(about: str, sentence: str, lang: Language) -> str:
    """The words as the user wrote them, with accents and capitals."""
    if not lang.spaced:
        return about
    words = re.findall(r"[\w'’-]+", sentence)
    for start in range(len(words)):
        for end in range(len(words), start, -1):
            if lang.plain(" ".join(words[start:end])) == about:
                return " ".join(words[start:end])
    return about
