"""Sums with units, and words that are none."""

from __future__ import annotations

import pytest

from dialogue.tools.units import result


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("5 miles to km", "8.04672 kilometer"),
        ("3 kg + 200 g", "3.2 kilogram"),
        ("20 C to F", "68 degrees Fahrenheit"),
        ("68 °F in Celsius", "20 degrees Celsius"),
        ("0 degrees celsius to fahrenheit", "32 degrees Fahrenheit"),
        ("6 feet in cm", "182.88 centimeter"),
        ("90 km per hour in m/s", "25 meter / second"),
        ("2 hours to minutes", "120 minute"),
        ("3 m * 4 m", "12 meter ** 2"),
        ("1.5 litres in ml", "1500 milliliter"),
    ],
)
def test_units_are_converted_and_added(words: str, value: str) -> None:
    assert result(words) == value


@pytest.mark.parametrize(
    "words",
    [
        *("", "what is that", "5 apples", "3 kg + 2 s", "9**9**9 m", "__import__('os').system('true') 1", "7 + 5"),
        *("9" * 40 + " km", "1 km to kg", "(" * 60 + "1 m", "5 km; 1", "1 m.__class__"),
    ],
)
def test_other_words_are_no_sum(words: str) -> None:
    assert result(words) is None
