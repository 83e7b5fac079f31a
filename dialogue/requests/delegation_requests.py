"""Recognises what the user wants the larger model to answer, and that they no longer want it. Pure rules.

Whole sentences only. "Never mind" and questions about the state count while something is being looked into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dialogue.text.plain_words import core, plain, sentences

_LONGEST_TEXT = 2000
_PLEASE = "(?:(?:can|could|would|will) you |please |just |and |then |now )*"
_LARGER = (
    r"(?:the|your|a|that) (?:big|bigger|large|larger|strong|stronger|smart|smarter|clever|better|other|remote|second)"
    r" (?:model|one|brain|assistant|machine|computer|server|ai)"
)
_WORDS = "(?: (?P<words>.+))?"
_ASK = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE}(?:ask|consult|query|use) {_LARGER}(?: (?:to|for|and|please))?{_WORDS}",
        rf"{_PLEASE}let {_LARGER} (?:answer|think about|look at|do|solve|try){_WORDS}",
        rf"{_PLEASE}think (?:really |very )?(?:hard|harder|deeply|deeper|carefully|longer)(?: on)?{_WORDS}",
        rf"{_PLEASE}(?:have a )?(?:look|dig) into{_WORDS}",
        rf"{_PLEASE}research (?P<words>.+)",
    )
)
_BACK = re.compile(r"(?:about )?(?:it|that|this|them|the (?:last )?question|my (?:last )?question)(?: again)?")
_CANCEL = re.compile(
    rf"(?:never ?mind|{_PLEASE}(?:do not bother|leave it|forget (?:it|the question|about it)|cancel (?:it|that)|stop"
    r"(?: (?:it|that|looking|searching|thinking|asking))?)|it does not matter(?: any ?more)?"
    r"|i do not need it(?: any ?more)?)"
)
_STATE = re.compile(
    r"(?:are you still (?:looking|thinking|working|waiting|on it).*"
    r"|(?:do you have|have you got|is there|any) (?:an |the |your )?(?:answer|result|news)(?: yet| now)?"
    r"|what (?:is taking|takes) (?:you |it )?so long|how long (?:will|does) (?:it|that) take.*)"
)


@dataclass(frozen=True, slots=True)
class DelegationRequest:
    """`words` is the question to pass on; empty where it is the user's question before this one."""

    kind: Literal["ask", "cancel", "state"]
    words: str = ""


def delegation_request(text: str, *, pending: bool) -> DelegationRequest | None:
    """The request in what the user said; None for anything else. `pending`: a question is being looked into."""
    text = text[-_LONGEST_TEXT:]
    for words in reversed(sentences(text)[-3:]):
        for spelling in (core(words), words):
            if pending and _CANCEL.fullmatch(spelling):
                return DelegationRequest("cancel")
            if pending and _STATE.fullmatch(spelling):
                return DelegationRequest("state")
            for pattern in _ASK:
                if found := pattern.fullmatch(spelling):
                    return DelegationRequest("ask", _as_said(found["words"] or "", text))
    return None


def _as_said(words: str, text: str) -> str:
    """The words with the spelling of `text` where they end it; empty where they point back."""
    if not words or _BACK.fullmatch(words):
        return ""
    parts = text.split()
    tails = (" ".join(parts[start:]) for start in range(len(parts)))
    said = next((tail for tail in tails if words in (plain(tail), core(plain(tail)))), words)
    if said.lower().startswith("about "):
        return f"Tell me {said[0].lower()}{said[1:]}"
    return said[0].upper() + said[1:]
