"""Sums with units, by pint: "5 miles to km", "3 kg + 200 g", "68 F in C". None where the words are no such sum."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_ALLOWED = re.compile(r"[\w\s.+\-*/()°]{3,100}")
_CONVERSION = re.compile(r"(.+?)\s+(?:to|in|into|as)\s+([^\d]+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Letters that mean something else to physicists: coulomb and farad.
_TEMPERATURES = (
    (re.compile(r"(?:°|\bdegrees? |(?<=\d)|(?<=\d )|(?<=^))\s*(?:c|celsius|centigrade)\b", re.IGNORECASE), " degC"),
    (re.compile(r"(?:°|\bdegrees? |(?<=\d)|(?<=\d )|(?<=^))\s*(?:f|fahrenheit)\b", re.IGNORECASE), " degF"),
)
_LARGEST, _LONGEST_NUMBER = 1e15, 16


def result(words: str) -> str | None:
    """The value with its unit ("5 miles to km" -> "8.04672 kilometer"); None for words that are no sum of units."""
    words = words.strip()
    if not _ALLOWED.fullmatch(words) or "**" in words or "_" in words or not _NUMBER.search(words):
        return None
    if any(len(number) > _LONGEST_NUMBER for number in _NUMBER.findall(words)):
        return None
    conversion = _CONVERSION.fullmatch(words)
    try:
        value = _quantity(conversion[1] if conversion else words)
        if conversion:
            value = value.to(_spelt(conversion[2]))
        return _shown(value)
    except Exception:  # the library raises many kinds for what it cannot read
        return None


def _quantity(words: str) -> Any:
    registry = _registry()
    single = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*(\D+)", words)
    if single is not None:  # temperatures cannot be multiplied by their unit
        return registry.Quantity(float(single[1]), _spelt(single[2]))
    return registry.Quantity(_spelt(words))


def _spelt(words: str) -> str:
    for pattern, name in _TEMPERATURES:
        words = pattern.sub(name, words)
    return re.sub(r"\s+(?:an?|per)\s+", "/", words.strip())


def _shown(value: Any) -> str | None:
    number, unit = float(value.magnitude), f"{value.units}"
    if not abs(number) <= _LARGEST or not unit or unit == "dimensionless":
        return None
    return f"{number:.6g} {unit}".replace("degree_Celsius", "degrees Celsius").replace(
        "degree_Fahrenheit", "degrees Fahrenheit"
    )


@cache
def _registry() -> Any:
    import pint  # takes some tenths of a second

    return pint.UnitRegistry(cache_folder=None)
