"""Recognises questions about something said or read earlier: by whom, and about what. Pure rules.

Covers words: the user's, the assistant's, and text in the room; `scene_questions` covers things seen. None when in
doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dialogue.text.plain_words import core, sentences
from dialogue.text.search_terms import search_terms

Whose = Literal["user", "assistant", "room", "any"]

_LONGEST_TEXT, _LONGEST_QUESTION = 2000, 25

_SHEET = (
    "(?:signs?|pages?|papers?|sheets?|notes?|labels?|posters?|cards?|whiteboards?|boards?|banners?|stickers?|letters?"
    "|tickets?|menus?|bills?|receipts?|envelopes?|packages?|packets?|screens?|magazines?|newspapers?|books?)"
)
_TELL = "(?:tell|told|say|said|mention|mentioned|ask|asked|explain|explained|answer|answered)"
_WH = r"(?:what|when|where|who|whom|whose|which|why|how)(?: \w+)*?"
_ABOUT = r"(?: (?:about|of|that|anything about|something about|if|whether))*"
_YOU = "(?: (?:to )?(?:you|me))?(?: (?:before|earlier|already))?"

# The first pattern that matches the whole sentence counts. `about` holds the topic.
_TABLE: tuple[tuple[Whose, bool, str], ...] = (
    ("user", True, rf"{_WH} (?:did|have|had) i (?:ever |already |just )?{_TELL}{_YOU}{_ABOUT} (?P<about>.+)"),
    ("user", True, rf"(?P<about>{_WH}) (?:did|have) i {_TELL}(?: (?:to )?you)? (?:earlier|before)"),
    ("user", True, rf"(?:did|have|had) i (?:ever |already )?{_TELL}{_YOU}{_ABOUT} (?P<about>.+)"),
    ("user", True, rf"what i {_TELL}{_YOU}{_ABOUT} (?P<about>.+)"),
    ("user", True, r"(?:do|can) you (?:still )?(?:remember|know|recall) (?P<about>(?:my|our) .+)"),
    ("user", True, r"what do you (?:still )?(?:know|remember) about (?P<about>(?:my|our) .+)"),
    (
        "assistant",
        True,
        rf"(?:{_WH} )?(?:did|have|had) you (?:ever |already |just )?{_TELL}{_YOU}{_ABOUT} (?P<about>.+)",
    ),
    ("room", True, rf"what (?:did|was on) the (?P<about>\w+ {_SHEET})(?: say| read)?"),
    ("room", True, rf"what (?:did|was on) (?:the|a|that) {_SHEET} (?P<about>(?:about|for|with|from|at) .+?)(?: say)?"),
    ("room", True, rf"(?:did|have) you (?:ever )?(?:see|seen|read) (?:a|any|the) {_SHEET} (?P<about>(?:about|for) .+)"),
    ("room", False, rf"(?P<about>{_WH} .*?)\b(?:on|in|from|according to) (?:the|that) (?:\w+ )?{_SHEET}"),
    ("user", False, rf"(?P<about>{_WH} (?:is|are|do|does) (?:the \w+ of )?(?:my|our) .+)"),
    ("user", False, r"(?P<about>where do (?:i|we) .+)"),
    ("user", False, r"(?P<about>(?:what|where|who|how|which) (?:\w+ )?am i .+)"),
    ("user", False, r"(?P<about>(?:what|when|where|who) (?:is|are) the .+)"),
    ("any", False, rf"(?P<about>{_WH} (?:was|were|did|had) .+)"),
    ("any", False, rf"(?P<about>{_WH} the .+ (?:was|were|is|are))"),
)
_PATTERNS = tuple((whose, sure, re.compile(pattern)) for whose, sure, pattern in _TABLE)

_REMIND = re.compile(r"^(?:can you |could you |please )*remind me (?:again )?(?:of )?(?=\w)")

MY_NAME = ("my name is", "my names", "call me", "i am called")
NAMES = ("name", "named", "called", "call")


@dataclass(frozen=True, slots=True)
class RecallQuestion:
    """`words` are the search terms: each group stands for one idea, in any of its words.

    `sure`: it is clearly about what was said or read, so the answer says if nothing is found. `first`: it asks about
    the beginning. `name`: it asks for a name. `strict`: it is more likely about the world.
    """

    whose: Whose
    about: str
    words: tuple[tuple[str, ...], ...]
    sure: bool
    first: bool = False
    name: bool = False
    strict: bool = False


def recall_question(text: str) -> RecallQuestion | None:
    """The recall question in what the user said; None if there is none."""
    asked = [part for part in sentences(text[-_LONGEST_TEXT:]) if len(part.split()) <= _LONGEST_QUESTION]
    for words in reversed(asked[-3:]):
        bare = core(_REMIND.sub("", core(words)))
        for whose, sure, pattern in _PATTERNS:
            if found := pattern.fullmatch(bare):
                return _understood(whose, sure, found["about"], bare)
    return None


def _understood(whose: Whose, sure: bool, about: str, whole: str) -> RecallQuestion | None:
    groups = search_terms(about)
    first = bool(re.search(r"\b(?:beginning|start|first)\b", whole))
    name = bool(re.search(r"\b(?:names?|named|called)\b", whole))
    if not groups:
        if whose != "user" or not re.search(r"\bmy name\b", whole):
            return None
        return RecallQuestion(whose, about, (MY_NAME,), sure, first, name)
    strict = bool(re.match(r"(?:what|when|where|who) (?:is|are) the (?!name of (?:my|our)\b)", about))
    return RecallQuestion(whose, about, groups, sure, first, name, strict)
