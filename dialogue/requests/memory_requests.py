"""Recognises what the user asks of the memory itself: to forget, what it knows, whether it is kept. Pure rules.

Whole sentences only, because a model answers everything else and forgetting cannot be undone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dialogue.languages.consent import consent
from dialogue.languages.language import ENGLISH, Language, language
from dialogue.text.plain_words import core, sentences

# To forget: what was said or recalled last, what is about something, this call, or everything. `known`: what it knows
# about the user; `kept`: whether calls are remembered; `yes` and `no` answer our question.
RequestKind = Literal["that", "about", "call", "all", "known", "kept", "yes", "no"]
KINDS: tuple[RequestKind, ...] = ("that", "call", "all", "known", "kept", "about")  # of the table of a language

_LONGEST_TEXT, _LONGEST_WORDS = 500, 25
_PLEASE = "(?:(?:can|could|would|will) you |please |just )*"
_FORGET = rf"{_PLEASE}(?:forget|delete|erase|remove)"
_NOT = rf"{_PLEASE}(?:do not|never) (?:remember|keep|save|store)"
_ALL = "(?:everything|all(?: of it)?|anything|whatever|all the things|what)"
_I_SAID = "(?: that)?(?: (?:i|we) (?:have )?(?:ever )?(?:just )?(?:said|told|mentioned|talked|spoke)(?: to)?(?: you)?)"
_YOU_KNOW = "(?: that)?(?: you (?:still )?(?:know|remember|have|stored|saved|have (?:stored|saved|remembered)))"

_TABLE: tuple[tuple[RequestKind, str], ...] = (
    ("that", rf"(?:{_FORGET}|{_NOT}) (?:that|this|that again|what i(?: have)? just (?:said|told you))(?: right)?"),
    ("that", rf"{_FORGET} (?:my )?(?:the )?last (?:thing|sentence|message)(?: (?:that )?i (?:said|told you))?"),
    (
        "call",
        rf"{_FORGET} (?:(?:all of )?(?:this|our) (?:whole |entire )?(?:call|conversation|chat)"
        rf"|{_ALL}{_I_SAID}(?: (?:about|just now|today|so far|in this (?:call|conversation)))*)",
    ),
    ("all", rf"{_FORGET} (?:everything|it all|all of it)(?:{_YOU_KNOW})?(?: (?:about|of) (?:me|us))?"),
    ("all", rf"{_FORGET} {_ALL}{_YOU_KNOW}(?: (?:about|of) (?:me|us))?"),
    (
        "all",
        rf"{_PLEASE}(?:delete|erase|clear|wipe|empty|reset) (?:your|the|my|all) (?:whole |entire )?memor(?:y|ies)",
    ),
    ("about", rf"{_FORGET} {_ALL}(?:{_I_SAID}|{_YOU_KNOW})? (?:about|of) (?P<about>.+)"),
    ("about", rf"{_FORGET} (?:about )?(?P<about>(?:my|our) (?!name is\b).+)"),
    (
        "known",
        r"what (?:all )?(?:(?:do|did|can) )?you (?:still |all )?(?:know|remember|have|kept|stored|saved)"
        r"(?: stored| saved| noted)?(?: so far)? about (?:me|us)(?: so far)?",
    ),
    (
        "known",
        r"what have you (?:stored|saved|kept|noted|remembered|learned)(?: so far)? about (?:me|us)(?: so far)?",
    ),
    ("known", r"everything (?:that )?you (?:know|remember) about (?:me|us)"),
    (
        "kept",
        r"(?:do|will|are|can|did) you (?:going to )?(?:still )?"
        r"(?:remember|record|recording|keep|keeping|store|storing|save|saving|remembering)"
        r" (?:me|(?:this|our|these|the) (?:calls?|conversations?|chats?)"
        r"|(?:what|everything|all) (?:i|we) (?:say|said|tell you))"
        r"(?: (?:after(?:wards)?(?: this call)?|tomorrow|next time|later"
        r"|the next time(?: i call)?|when i hang up))?",
    ),
    ("yes", r"(?:yes|yeah|yep|sure|okay|ok|right|of course|do it|go ahead|do that|please|please do|i am sure|do)"),
    ("yes", rf"{_FORGET} (?:them|all)(?: all)?"),
    (
        "no",
        r"(?:no|nope|stop|cancel|never|do not|do not do (?:it|that)|better not|rather not|keep (?:it|them)(?: all)?)",
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _TABLE)


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """`about` is the topic of what is to be forgotten."""

    kind: RequestKind
    about: str = ""


def memory_request(text: str, code: str = ENGLISH) -> MemoryRequest | None:
    """The request in what the user said in the language `code`; None if it is about something else."""
    if code != ENGLISH:
        return _request_in(text, language(code))
    asked = sentences(text[-_LONGEST_TEXT:])
    for words in reversed(asked[-3:]):
        if len(words.split()) > _LONGEST_WORDS:
            continue
        for spelling in (words, core(words)):
            for kind, pattern in _PATTERNS:
                if found := pattern.fullmatch(spelling):
                    return MemoryRequest(kind, found.groupdict().get("about") or "")
    return None


def _request_in(text: str, lang: Language) -> MemoryRequest | None:
    words = lang.plain(text)
    for kind in KINDS if len(words) <= _LONGEST_TEXT else ():
        if found := re.fullmatch(lang.table.get("memory", {}).get(kind, "$^"), words):
            return MemoryRequest(kind, found.groupdict().get("about") or "")
    agreed = consent(text) if "memory" in lang.table else None
    return None if agreed is None else MemoryRequest("yes" if agreed else "no")
