"""Converts spans of time: "an hour and a half" to seconds, and seconds to "five minutes" and "5:00". Pure."""

from __future__ import annotations

import re

from dialogue.text.grammar import counted, listed, number_of

_UNITS = {"second": 1.0, "sec": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0}
_PART = re.compile(
    r"(?P<number>\d+(?:\.\d+)?|[a-z]+(?:[ -][a-z]+)?)(?P<half> and a half)? "
    r"(?P<unit>second|sec|minute|min|hour)s?(?P<and_half> and a half)?(?: and (?=\S)| (?=\S)|$)"
)
# Fixed phrases, in smaller units.
_WHOLE = tuple(
    (re.compile(pattern), span)
    for pattern, span in (
        (r"\bhalf an? hour\b", "30 minutes"),
        (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
        (r"\b(?:three quarters|three-quarters) of an hour\b", "45 minutes"),
        (r"\bhalf a minute\b", "30 seconds"),
        (r"\ba couple of (?=minutes|hours|seconds)", "2 "),
        (r"-(?=(?:second|minute|hour)s?\b)", " "),
    )
)


def seconds_in(words: str) -> float | None:
    """The length of a span in plain words ("an hour and ten minutes", "90 seconds"); None for any other text."""
    for pattern, span in _WHOLE:
        words = pattern.sub(span, words)
    words, total, at = words.strip(), 0.0, 0
    while at < len(words):
        found = _PART.match(words, at)
        number = _number(found["number"]) if found else None
        if found is None or number is None:
            return None
        total += (number + (0.5 if found["half"] or found["and_half"] else 0.0)) * _UNITS[found["unit"]]
        at = found.end()
    return total or None


def _number(word: str) -> float | None:
    if word in ("a", "an"):
        return 1.0
    return float(word) if re.fullmatch(r"\d+(?:\.\d+)?", word) else number_of(word)


def span(seconds: float) -> str:
    """As a person would say it: "five minutes", "an hour and ten minutes"."""
    whole = max(1, round(seconds))
    hours, minutes, left = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [(hours, "hour"), (minutes, "minute"), (left, "second")]
    return listed([_counted(count, unit) for count, unit in parts if count])


def _counted(count: int, unit: str) -> str:
    return f"one {unit}" if count == 1 else counted(count, unit)


def clock_time(seconds: float) -> str:
    """`1:02:03`, or `2:03` within the first hour."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
