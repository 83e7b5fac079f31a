"""Decides whether a turn of the user is a question or a statement. Pure rules."""

from __future__ import annotations

import re

from dialogue.text.plain_words import core, sentences

_LONGEST_TEXT = 2000
_ASKS = re.compile(
    r"(?:what|when|where|who|which|why|how|(?:is|are|was|were|do|does|did|can|could|will|would|have|has|should)"
    r" (?:you|i|it|he|she|we|they|there|the|my|this|that|any|your|not)|tell me|read|describe|count)\b"
)


def is_question(text: str) -> bool:
    """Whether a turn only asks: such turns are not answers to later recall questions."""
    parts = [core(words) for words in sentences(text[-_LONGEST_TEXT:])]
    return bool(parts) and all(_ASKS.match(part) or (text.rstrip().endswith("?") and len(parts) == 1) for part in parts)
