"""Whether two words are forms of one word: "rises" and "rise", "cheapest" and "cheap", "sat" and "sit". Pure."""

from __future__ import annotations

from collections.abc import Collection

# Irregular verbs, each with its other forms. "Left" and "lay" are missing: they are words of their own as well.
_IRREGULAR = """
begin began begun, break broke broken, bring brought, build built, buy bought, catch caught, choose chose chosen,
come came, do did done, drink drank drunk, drive drove driven, eat ate eaten, fall fell fallen, find found, fly flew
flown, forget forgot forgotten, get got gotten, give gave given, go went gone, grow grew grown, hang hung, hold held,
keep kept, lose lost, make made, meet met, pay paid, ride rode ridden, run ran, say said, see saw seen, sell sold, send
sent, sit sat, sleep slept, speak spoke spoken, spend spent, stand stood, take took taken, teach taught, tell told,
throw threw thrown, wear wore worn, win won, write wrote written
"""
_VERBS = {form: forms[0] for line in _IRREGULAR.split(",") for forms in [line.split()] for form in forms}


def is_in(word: str, words: Collection[str]) -> bool:
    """Whether a word, or a form of it, is among these; numbers have no forms."""
    return word in words or (not word[0].isdigit() and any(same_stem(word, other) for other in words))


def same_stem(one: str, other: str) -> bool:
    """By the verb, or by their beginnings, of which three letters are the least."""
    one, other = _VERBS.get(one, one), _VERBS.get(other, other)
    shorter = min(len(one), len(other))
    stem = shorter if shorter < 5 else max(4, shorter - 1)
    return one == other or (stem >= 3 and one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3)
