"""Judges replies by the rules of the question files: right, admitted not to know, or wrong.

A rule is a regular expression that the reply must contain, "!" and one that it must not contain, or a word: "yes" and
"no" for the sense of the answer, "unknown" where the right answer admits not to know, "long" for a story. A
question may have several rules; all of them must hold. Replies are compared in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

_NOT = r"(?:\b\w+n[o']t|\bnot|\bcannot|\bunable to)"
_TELL = (
    "(?:tell|know|say|determine|identify|make out|read|recogni[sz]e|answer|confirm|predict|pick out|count|sure|certain)"
)
# What a reply says of a thing that is not to be found; where it is there, such a reply is wrong.
_FIND = (
    "(?:see|find|show|mention|include|list|have|check|provide|access|specify|specified|mentioned|given|stated|listed"
    "|provided|shown|visible|available|told|written|possible|able|in view|connected|look (?:that |it )?up|aware)"
)
_ADMITS = re.compile(
    rf"{_NOT}(?:\W+\w+){{0,3}}?\W+{_TELL}\b|\bunknown\b|\bunclear\b|\bno (?:idea|way to)\b"
    r"|^sorry\W+i can'?t (?:see|find) (?!any)|\bwhich (?:one )?do you mean\b|\bmore than i can\b"
    r"|\bonly (?:know|see|recogni[sz]e)\b|\bno (?:internet|connection|clock)\b"
)
_FINDS_NOT = re.compile(
    rf"{_NOT}(?:\W+\w+){{0,4}}?\W+{_FIND}\b|\bno (?:information|data|details?|access|mention|picture|text)\b"
    r"|\bnothing (?:recogni[sz]ed|that i|i can)\b|\bdepends\b"
)
_NEGATION = re.compile(r"\b(?:no|not|none|nobody|nothing|never|neither|without|cannot)\b|n't\b")
_YES = re.compile(r"\W*(?:yes|yeah|sure|certainly|indeed|of course|correct)\b")
_REFUSES = re.compile(r"\b(?:can'?t|cannot|can not|unable|sorry|as an ai)\b")
STORY_WORDS = 40


class Verdict(Enum):
    """ADMITTED: it says that it cannot tell, although the answer was there."""

    RIGHT = "right"
    ADMITTED = "admitted"
    WRONG = "wrong"


def verdict(reply: str, rules: Sequence[str]) -> Verdict:
    """The verdict on a reply. Without any words a reply counts as admitted: nothing wrong was said."""
    words = " ".join(reply.lower().translate(str.maketrans("’‘", "''")).split())
    if words and all(_holds(words, rule) for rule in rules):
        return Verdict.RIGHT
    return Verdict.ADMITTED if not words or _ADMITS.search(words) else Verdict.WRONG


def _holds(words: str, rule: str) -> bool:
    first = re.split(r"(?<=[.!?])\s", words)[0]
    match rule:
        case "yes":
            return bool(_YES.match(words)) or not (_NEGATION.search(first) or _ADMITS.search(words))
        case "no":
            return bool(_NEGATION.search(words)) and not _YES.match(words)
        case "unknown":
            return _says_unknown(words)
        case "long":
            return len(words.split()) >= STORY_WORDS and not _REFUSES.search(first)
        case _ if rule.startswith("!"):
            return not re.search(rule[1:], words)
        case _ if "unknown" in rule.split("|"):
            return _says_unknown(words) or bool(re.search(_bounded(rule), words))
        case _:
            return bool(re.search(_bounded(rule), words))


def _says_unknown(words: str) -> bool:
    return bool(_ADMITS.search(words) or _FINDS_NOT.search(words))


def _bounded(rule: str) -> str:
    """Alternatives begin at the beginning of a word, so that "one" is not found in "phone"; "n't" ends one."""
    return rf"(?<![\w.])(?:{rule})" + (r"|n't\b" if "n't" in rule.split("|") else "")
