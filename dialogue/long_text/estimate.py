"""How long the reading of a text takes, before it begins. Pure."""

from __future__ import annotations

from collections.abc import Sequence

CHARACTERS_A_TOKEN = 3
TOKENS_WRITTEN, READ_SHARE = 60, 0.1  # of a note, and the cost of a token that is read


def estimate_s(texts: Sequence[str], tokens_per_s: float) -> float:
    """Seconds for reading and a note of each text; a token that is read takes a tenth of one that is written."""
    read = sum(map(len, texts)) / CHARACTERS_A_TOKEN
    return (read * READ_SHARE + len(texts) * TOKENS_WRITTEN) / tokens_per_s


def in_words(seconds: float) -> str:
    """ "20 seconds", "3 minutes", "2 hours and 5 minutes"."""
    if seconds < 55:
        return f"{max(1, round(seconds / 10)) * 10} seconds"
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    counted = [f"{count} {unit}{'s' * (count != 1)}" for count, unit in ((hours, "hour"), (minutes, "minute")) if count]
    return " and ".join(counted)
