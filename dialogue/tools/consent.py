"""Asks the user before a tool changes something in the world: the question, and what the answer means.

Only a whole answer that agrees counts as consent; anything else does not.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dialogue.text.plain_words import plain
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool

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


def question_for(tool: Tool, call: FunctionCall) -> str:
    """The question to the user before a call: "Shall I delete a file, with path "notes.txt"?"."""
    phrase = re.split(r"(?<=[.!?])\s|\n", tool.description.strip(), maxsplit=1)[0].strip().rstrip(".!?")
    if not phrase or len(phrase) > _LONGEST_PHRASE:
        phrase = f"use {tool.name.replace('_', ' ')}"
    given = [f"{name.replace('_', ' ')} {_shown(value)}" for name, value in call.arguments.items()][:_MOST_VALUES]
    return f"Shall I {phrase[0].lower()}{phrase[1:]}{', with ' if given else ''}{', '.join(given)}?"


def consent(answer: str) -> bool | None:
    """Whether an answer agrees (True) or declines (False); None for any other words."""
    words = plain(answer)
    if _YES.fullmatch(words) and not re.fullmatch(rf"(?:{_FILLER} ?)+", words):
        return True
    return False if _NO.match(words) else None


def _shown(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return f"“{text[:_LONGEST_VALUE]}...”" if len(text) > _LONGEST_VALUE else f"“{text}”"
