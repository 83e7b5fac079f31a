"""Words about the conversation itself, in languages other than English: "I am listening", "go on", "what did you say?",
"read all of it to me". Pure.
"""

from __future__ import annotations

import re
from typing import Literal

from dialogue.languages.language import ENGLISH, language
from dialogue.rules.read_aloud import is_to_be_read_aloud, is_to_go_on_reading
from dialogue.text.backchannels import begins_an_interruption, is_backchannel

FloorKind = Literal["go_on", "again", "aloud", "read_on"]


def is_about_floor(kind: FloorKind, text: str, code: str) -> bool:
    """Whether the whole of `text`, in the language `code`, asks for this. Never in English, which has rules."""
    if code == ENGLISH:
        return False
    lang = language(code)
    return re.fullmatch(lang.table["floor"][kind], lang.plain(text)) is not None


def is_backchannel_in(text: str, code: str) -> bool:
    """Whether words, in the language `code`, say that somebody listens, and do not ask for the floor."""
    if code == ENGLISH or is_backchannel(text):
        return is_backchannel(text)
    lang = language(code)
    return lang.consists_of(lang.plain(text), lang.table["floor"]["backchannel"])


def asks_for_floor(text: str, code: str) -> bool:
    """Whether words begin as somebody begins who wants to speak: "stop", "wait", "no". In other languages, whether they
    ask for silence."""
    if code == ENGLISH:
        return begins_an_interruption(text)
    lang = language(code)
    return any(re.search(pattern, lang.plain(text)) for pattern in lang.table["ask"]["stop"])


def wants_it_read_aloud(text: str, code: str) -> bool:
    """Whether the user asks for all text in view, word for word."""
    return is_to_be_read_aloud(text) or is_about_floor("aloud", text, code)


def wants_more_read_aloud(text: str, code: str) -> bool:
    """Whether the user wants to hear the rest of what was being read."""
    return is_to_go_on_reading(text) or is_about_floor("read_on", text, code)
