"""The few words that show that a question was understood while its answer is not ready yet. Pure."""

from __future__ import annotations

import re

from dialogue.languages.language import ENGLISH, language
from dialogue.rules.scene_reference import PLACES
from dialogue.text.questions import is_question

_REQUEST = re.compile(
    r"^(?:(?:could|can|would|will) you |please )*(?:tell|read|explain|describe|give|write|sing|say)\b"
)
_LOOK = re.compile(r"\b(?:see|look|colou?r|show|read|written|picture|camera)\b")
_PAST = re.compile(r"\b(?:before|earlier|ago|remember|yesterday|last|did (?:i|you|we|they|he|she))\b")
_QUESTION = re.compile(
    r"\?|^(?:wh(?:at|en|ere|o|ose|om|ich|y)|how|is|are|was|were|do|does|did|can|could|will|would|should|may|has|have)\b"
)


def acknowledgement(asked: str, code: str) -> str:
    """A phrase of one to three words that fits what was asked; empty where none does: a statement wants an answer."""
    words = asked.lower().strip()
    if code != ENGLISH:  # one phrase fits all questions
        return str(language(code).table["look"]) if words.endswith(("?", "？")) or is_question(asked) else ""
    if _REQUEST.search(words):
        return "All right."
    if not _QUESTION.search(words):
        return ""
    if _PAST.search(words):
        return "Let me think back."
    return "Let me look." if PLACES.search(words) or _LOOK.search(words) else "Let me think."
