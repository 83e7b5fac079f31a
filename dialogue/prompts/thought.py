"""Models that think before they speak: where a thought begins, how it is ended at once, and a text without any.

A thought is not spoken, and nobody on a call waits for one. Knows no tokenizer.
"""

from __future__ import annotations

import re

OPENED, CLOSED = "<think>", "</think>"
# As Qwen3's own template writes the empty thought.
THOUGHT_CLOSING = f"\n\n{CLOSED}\n\n"

_THOUGHT = re.compile(rf"{OPENED}.*?(?:{CLOSED}|\Z)|{CLOSED}", re.DOTALL)
_TAG_SO_FAR = re.compile(
    "|".join(re.escape(tag[:end]) + r"\Z" for tag in (OPENED, CLOSED) for end in range(1, len(tag)))
)


def opens_thought(text: str) -> bool:
    """Whether what comes next would be thought."""
    return text.rstrip().endswith(OPENED)


def without_thoughts(text: str) -> str:
    """What is not thought. An end that may become a tag is held back, so that longer texts only add to it."""
    return _TAG_SO_FAR.sub("", _THOUGHT.sub("", text)).lstrip()
