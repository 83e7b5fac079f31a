"""Spans of time in words: "an hour and a half" to seconds, and seconds to "five minutes". Pure."""

from __future__ import annotations

import re

from dialogue.grammar import counted, listed, number_of

_UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_NUMBER = r"(?:an?|one|half an?|\d+(?:\.\d+)?|[a-z]+(?:[ -][a-z]+)?)"
_PART = re.compile(rf"(?P<number>{_NUMBER}) (?P<unit>second|sec|minute|min|hour)s?(?P<half> and a half)?")
_SHORT = {"sec": "second", "min": "minute"}


def seconds_in(words: str) -> float | None:
    """The length of a span in plain words ("an hour and ten minutes", "90 seconds"); None if it is none."""
    total, at = 0.0, 0
    words = words.strip().replace("half an hour", "30 minutes")
    while at < len(words):
        found = _PART.match(words, at)
        if found is None:
            return None
        number = _number(found["number"])
        if number is None:
            return None
        unit = _UNITS[_SHORT.get(found["unit"], found["unit"])]
        total += (number + (0.5 if found["half"] else 0.0)) * unit
        at = found.end()
        if joint := re.compile(r"(?:,? and |, | )(?=\S)").match(words, at):
            at = joint.end()
    return total or None


def _number(word: str) -> float | None:
    if word in ("a", "an"):
        return 1.0
    if word.startswith("half a"):
        return 0.5
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return float(word)
    return number_of(word)


def span(seconds: float) -> str:
    """As a person would say it: "five minutes", "an hour and ten minutes"."""
    whole = max(1, round(seconds))
    hours, minutes, left = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [(hours, "hour"), (minutes, "minute"), (left, "second")]
    return listed([counted(count, unit) for count, unit in parts if count])
