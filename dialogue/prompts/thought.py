"""Handles the thoughts of reasoning models: detects them, closes them at once, and removes them from text.

Thoughts are not spoken, and would delay a reply.
"""

from __future__ import annotations

import re

OPENED, CLOSED = "<think>", "</think>"
# The empty thought as Qwen3's template writes it.
THOUGHT_CLOSING = f"\n\n{CLOSED}\n\n"

_THOUGHT = re.compile(rf"{OPENED}.*?(?:{CLOSED}|\Z)|{CLOSED}", re.DOTALL)
_TAG_SO_FAR = re.compile(
    "|".join(re.escape(tag[:end]) + r"\Z" for tag in (OPENED, CLOSED) for end in range(1, len(tag)))
)


def opens_thought(text: str) -> bool:
    """Whether the text ends in an open thought."""
    return text.rstrip().endswith(OPENED)


def without_thoughts(text: str) -> str:
    """The text without thoughts. An end that may become a tag is held back, so that longer texts only append."""
    return _TAG_SO_FAR.sub("", _THOUGHT.sub("", text)).lstrip()
