"""Asks the user before a tool changes something in the world: the question, and what the answer means.

Only a whole answer that agrees counts as consent; anything else does not. A question is asked in the language of the
turn, and answered in any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from dialogue.languages.language import CODES, ENGLISH, language
from dialogue.text.plain_words import plain
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.running_calls import CallRound, named
from dialogue.tools.tool import Tool

DECLINED = "All right, I won't."
_LONGEST_PHRASE, _LONGEST_VALUE, _MOST_VALUES = 90, 60, 4
_FILLER = (
    r"(?:please|thanks|thank you|omni|now|then|that is (?:fine|right|ok|okay|correct)|that would be (?:great|nice))"
)
_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|ok|okay|fine|right|correct|certainly|absolutely|definitely|of course|by all means"
    r"|(?:please )?(?:do|go ahead|do it|do that|do so|go on|proceed)|(?:yes )?you (?:can|may|should)|i agree|agreed"
    rf"|sounds good|all right|alright|{_FILLER})(?: |$))+"
)
_NO = re.compile(
    r"(?:(?:no|nope|nah|do not|stop|cancel(?: it| that)?|never mind|nevermind|leave it|forget it|rather not"
    r"|not now|please do not|better not|i would rather not|wait|you (?:may|can|should) not)\b.*)"
)


def question_for(tool: Tool, call: FunctionCall, code: str = ENGLISH) -> str:
    """The question to the user before a call, in the language `code`: "Shall I delete a file, with path "notes.txt"?".
    The deed is named in the tool's own words."""
    phrase = re.split(r"(?<=[.!?])\s|\n", tool.description.strip(), maxsplit=1)[0].strip().rstrip(".!?")
    if not phrase or len(phrase) > _LONGEST_PHRASE:
        phrase = f"use {tool.name.replace('_', ' ')}"
    given = [f"{name.replace('_', ' ')} {_shown(value)}" for name, value in call.arguments.items()][:_MOST_VALUES]
    if code != ENGLISH:
        return language(code).say("ask_consent", action=", ".join([phrase, *given]))
    return f"Shall I {phrase[0].lower()}{phrase[1:]}{', with ' if given else ''}{', '.join(given)}?"


def question_after(done: CallRound, tools: Sequence[Tool], code: str = ENGLISH) -> str | None:
    """The question with which a reply in the language `code` ends after a round of calls; None where it goes on."""
    tool = named(done.asks, tools) if done.asks is not None else None
    return question_for(tool, done.asks, code) if tool is not None and done.asks is not None else None


def declined(code: str) -> str:
    """What is said where the user declines."""
    return DECLINED if code == ENGLISH else language(code).say("declined")


def consent(answer: str) -> bool | None:
    """Whether an answer, in any of the languages, agrees (True) or declines (False); None for any other words."""
    words = plain(answer)
    if _YES.fullmatch(words) and not re.fullmatch(rf"(?:{_FILLER} ?)+", words):
        return True
    if _NO.match(words):
        return False
    found = (_consent_in(answer, code) for code in CODES if code != ENGLISH)
    return next((agreed for agreed in found if agreed is not None), None)


def _consent_in(answer: str, code: str) -> bool | None:
    lang = language(code)
    words = lang.plain(answer)
    for key, agrees in (("no", False), ("yes", True)):
        if lang.consists_of(words, lang.table[key]):
            return agrees
    return None


def _shown(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return f"“{text[:_LONGEST_VALUE]}...”" if len(text) > _LONGEST_VALUE else f"“{text}”"
