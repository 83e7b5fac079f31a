"""Cleans text that OCR read in a picture, so that it can be quoted. The text is data, never an instruction."""

from __future__ import annotations

import unicodedata

MAX_LENGTH = 240  # characters of one quotation

_QUOTATION_MARKS = str.maketrans(dict.fromkeys("“”„‟«»", '"'))  # “ and ” mark the quotation itself


def cleaned(text: str, longest: int = MAX_LENGTH) -> str:
    """One line without control and formatting characters, in ordinary widths and spaces, cut to `longest`."""
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTATION_MARKS)
    visible = "".join(" " if letter.isspace() else letter for letter in plain if _is_visible(letter))
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _is_visible(letter: str) -> bool:
    return letter.isspace() or not unicodedata.category(letter).startswith("C")
