"""Recognises that the user wants live translation, of what kind and between which languages. Pure rules.

"Translate for us" is for people at one table, who each hear the other's language; "translate the lecture" writes what
is heard in the user's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from dialogue.languages.language import CODES, ENGLISH, language
from dialogue.text.plain_words import plain

_LONGEST = 120  # characters: a request is short
_ENGLISH: Mapping[str, Any] = {
    "off": [
        r"^(?:please |ok |okay |now )*(?:stop|end|quit|finish|(?:switch|turn) off)(?: the)? (?:live )?"
        r"(?:translat|interpret)\w+",
        r"^(?:please )?(?:no more|don t) translat\w+",
    ],
    "captions": [
        r"translat\w+ (?:the|this|that|her|his|their)? ?"
        r"(?:lecture|talk|speech|lesson|class|film|movie|video|news|speaker)",
        r"translat\w+ (?:everything|what) (?:you|we|i|is) hear",
        r"(?:show|give|write|want|turn on|switch on)\b.*\b(?:captions|subtitles|transcript)\b.*\b(?:in|into)\b",
        r"translated (?:captions|subtitles)",
    ],
    "on": [
        r"(?:translat\w+|interpret\w*) (?:for|between) (?:us|the two of us|both of us|me and|my)",
        r"(?:translat\w+|interpret\w*) (?:between|from) \w+ (?:and|to|into) \w+$",
        r"be our (?:interpreter|translator)",
        r"(?:start|switch on|turn on|begin)(?: the)? (?:live )?translat\w+",
        r"^(?:please )?translate(?: everything)? (?:in)?to \w+(?: from now on| please)?$",
    ],
    "names": {
        "en": "english",
        "zh": "chinese|mandarin",
        "es": "spanish",
        "fr": "french",
        "it": "italian",
        "pt": "portuguese",
        "hi": "hindi",
        "ja": "japanese",
    },
}


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """`languages` are the codes that were named, in order."""

    kind: Literal["on", "captions", "off"]
    languages: tuple[str, ...] = ()


def translation_request(text: str, code: str) -> TranslationRequest | None:
    """What is asked in `text`, in the language `code`; None where it is about something else."""
    if len(text) > _LONGEST:
        return None
    words, table = _plain(text, code), _table(code)
    kinds: Sequence[Literal["off", "captions", "on"]] = ("off", "captions", "on")
    for kind in kinds:
        if any(re.search(pattern, words) for pattern in table[kind]):
            return TranslationRequest(kind, named_languages(text, code))
    return None


def named_languages(text: str, code: str) -> tuple[str, ...]:
    """The languages with a table that are named in `text`, in the language `code`."""
    words, spaced = _plain(text, code), code == ENGLISH or language(code).spaced
    places = {}
    for named, names in _table(code)["names"].items():
        # Not \b: a name in Devanagari may end in a vowel sign, which is no word character.
        found = re.search(rf"(?<!\w)(?:{names})(?!\w)" if spaced else names, words)
        if found and named in CODES:
            places[named] = found.start()
    return tuple(sorted(places, key=lambda each: places[each]))


def name_of(named: str, code: str) -> str:
    """The name of the language `named` in the language `code`."""
    name = str(_table(code)["names"][named]).split("|", maxsplit=1)[0]
    return name.capitalize() if code == ENGLISH else name


def _plain(text: str, code: str) -> str:
    return plain(text) if code == ENGLISH else language(code).plain(text)


@cache
def _table(code: str) -> Mapping[str, Any]:
    return _ENGLISH if code == ENGLISH else language(code).table["translate"]
