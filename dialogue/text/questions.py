"""Decides whether a turn of the user is a question or a statement. Pure rules."""

from __future__ import annotations

import re

from dialogue.text.plain_words import core, sentences
from dialogue.text.unspaced import is_unspaced

_LONGEST_TEXT = 2000
_ASKS = re.compile(
    r"(?:what|when|where|who|which|why|how|(?:is|are|was|were|do|does|did|can|could|will|would|have|has|should)"
    r" (?:you|i|it|he|she|we|they|there|the|my|this|that|any|your|not)|tell me|read|describe|count)\b"
)
# In Chinese a word anywhere in the sentence asks.
_ASKS_UNSPACED = re.compile(
    r"[吗呢？?]$|什么|哪[里儿个些天]|谁|几[点个号]|多少|怎么|为什么|是不是|有没有|能不能|记不记得|^(?:请|帮我)?(?:告诉我|念|读|描述)"
)


def is_question(text: str) -> bool:
    """Whether a turn only asks: such turns are not answers to later recall questions."""
    if is_unspaced(text):
        asked = [part for part in re.split(r"(?<=[。！？?\n])", text[-_LONGEST_TEXT:].strip()) if part.strip("。！ \n")]
        return all(_ASKS_UNSPACED.search(part.strip("。！ \n")) for part in asked)
    parts = [core(words) for words in sentences(text[-_LONGEST_TEXT:])]
    return bool(parts) and all(_ASKS.match(part) or (text.rstrip().endswith("?") and len(parts) == 1) for part in parts)
