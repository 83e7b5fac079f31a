"""Scripts that put no spaces between words: Chinese characters and Japanese kana. Pure."""

from __future__ import annotations

import re

_CHARACTER = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


def is_unspaced(text: str) -> bool:
    """Whether `text` has characters of such a script."""
    return bool(_CHARACTER.search(text))


def apart(text: str) -> str:
    """`text` with each such character as a word of its own, so that a search for words finds any part of it."""
    return " ".join(_CHARACTER.sub(r" \g<0> ", text).split()) if is_unspaced(text) else text
