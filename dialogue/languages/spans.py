"""Numbers and spans of time in the words of a language: "五分钟" is 300 s, 90 s are "1 minuto y 30 segundos". Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dialogue.languages.language import Language

_SECONDS = {"hour": 3600.0, "minute": 60.0, "second": 1.0}
_DIGITS = {
    character: value
    for value, characters in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for character in characters
}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_HAN_NUMBER = "[零〇一二两三四五六七八九十百千]+"


def seconds_in(plain: str, lang: Language) -> float | None:
    """The span in plain words; None where there is none."""
    table, total, found_any = lang.table["timer"], 0.0, False
    for pattern, seconds in table.get("fixed", {}).items():
        found = re.search(pattern, plain)
        if found and not (not lang.spaced and _number_before(plain, found.start())):
            total, found_any = total + seconds, True
            plain = plain[: found.start()] + " " + plain[found.end() :]
    number = _number_pattern(lang)
    half = f"(?P<after> ?{table['half']})?"
    end = r"(?!\S)" if lang.spaced else ""
    before = "" if lang.spaced else f"(?P<before>个?{table['half']})?"
    for unit, words in table["units"].items():
        for found in re.finditer(rf"(?P<number>{number}) ?{before}(?:{words}){end}{half}", plain):
            value = number_of(found["number"], lang)
            if value is None:
                continue
            halved = any(found.groupdict().get(name) for name in ("before", "after"))
            total, found_any = total + (value + 0.5 * halved) * _SECONDS[unit], True
    return total if found_any and total > 0 else None


def number_of(words: str, lang: Language) -> float | None:
    """A number in figures or words."""
    if re.fullmatch(r"\d+(?:\.\d+)?", words):
        return float(words)
    if not lang.spaced:
        return _han_value(words)
    known: Mapping[str, int] = lang.table["timer"]["numbers"]
    if words in known:
        return float(known[words])
    parts = [known.get(word) for word in words.split() if word not in ("y", "e", "et")]
    return float(sum(part for part in parts if part)) if parts and all(parts) else None


def span(seconds: float, lang: Language) -> str:
    """As a person would say it."""
    whole = max(1, round(seconds))
    table = lang.table["timer"]
    counts = {"hour": whole // 3600, "minute": whole % 3600 // 60, "second": whole % 60}
    parts = [table["spans"][unit][count > 1].format(n=count) for unit, count in counts.items() if count]
    return str(table["joined"]).join(parts)


def _number_before(plain: str, at: int) -> bool:
    """Whether "半小时" follows a number, as in "一个半小时"."""
    return bool(re.search(rf"(?:\d|{_HAN_NUMBER})个?$", plain[:at]))


@cache
def _number_pattern(lang: Language) -> str:
    if not lang.spaced:
        return rf"\d+(?:\.\d+)?|{_HAN_NUMBER}"
    words = "|".join(sorted(map(re.escape, lang.table["timer"]["numbers"]), key=len, reverse=True))
    return rf"\d+(?:\.\d+)?|(?<!\S)(?:{words})(?:(?: (?:y|e|et))? (?:{words}))?(?!\S)"


def _han_value(words: str) -> float | None:
    total, digit = 0, 0
    for character in words:
        if character in _DIGITS:
            digit = _DIGITS[character]
        else:
            total += (digit or 1) * _PLACES[character]
            digit = 0
    return float(total + digit)
