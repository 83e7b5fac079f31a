"""Text normalisation for TTS: rewrites written text as a person would read it aloud.

Removes Markdown and emoji, shortens web addresses, lowers the capitals of signs, and spells out times and symbols.
Plain sentences are unchanged, and normalising twice changes nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rewrite = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

VOWELS = "AEIOUY"
# Short words of signs, which the synthesiser would spell out like abbreviations.
SIGN_WORDS = frozenset(
    (
        *("IN", "ON", "UP", "GO", "NO", "TO", "OF", "OR", "AT", "BY", "DO", "WE", "IS", "IT", "BE", "MY"),
        *("ALL", "AND", "ARE", "ASK", "BAR", "BUS", "BUY", "CAR", "CAT", "DAY", "DOG", "DRY", "END", "EXIT"),
        *("FIT", "FOR", "GAS", "GET", "HOT", "ICE", "KEY", "LOW", "MAN", "MAX", "MEN", "MIN", "NEW", "NOT"),
        *("NOW", "OFF", "OLD", "ONE", "OPEN", "OUR", "OUT", "PAY", "RED", "RUN", "SEE", "SIT", "TAP", "TAX"),
        *("TEA", "THE", "TIP", "TOP", "TRY", "TWO", "USE", "VAN", "WAY", "WET", "YES", "YOU", "ZOO"),
    )
)
# Abbreviations long enough to look like a word.
ABBREVIATIONS = frozenset(("HTML", "HTTP", "HTTPS", "HDMI", "JPEG", "UNESCO", "NASA", "NATO", "ASCII", "LIDAR", "WIFI"))

EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U00002600-\U000027bf\U00002b00-\U00002bff\U0001f1e6-\U0001f1ff\ufe0e\ufe0f\u200d\u20e3]+"
)
ADDRESS = re.compile(r"<?\b(?:https?://|www\.)([^\s<>()\[\]]*[^\s<>()\[\].,;:!?'\"])>?", re.IGNORECASE)
CAPITALS = re.compile(r"(?<![\w.&])[A-Z]{2,}(?:'[A-Z]+)?(?![\w&])")
CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?!\d|:)(\s?[ap]\.?m\b\.?)?", re.IGNORECASE)


def speakable(text: str) -> str:
    """The spoken form of `text`; empty if nothing in it can be spoken."""
    text = _squeezed(text)
    for pattern, by in REWRITES:
        text = pattern.sub(by, text)
    text = _squeezed(text)
    text = re.sub(r" +([,.;:!?])", r"\1", text).strip()
    return text if any(letter.isalnum() for letter in text) else ""


def without_markup(text: str) -> str:
    """`text` without Markdown and emoji, in any language."""
    for pattern, by in (_NO_EMOJI, *MARKDOWN):
        text = pattern.sub(by, text)
    return " ".join(text.split())


def _squeezed(text: str) -> str:
    """Collapses runs of white space, over which the patterns would take quadratic time."""
    return re.sub(r" ?\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text))


def _host(match: re.Match[str]) -> str:
    """example.com/a/b?c=d becomes "example dot com"; a listener does not need the rest."""
    host = re.split(r"[/?#:]", match.group(1), maxsplit=1)[0].removeprefix("www.")
    return host.replace(".", " dot ")


def _lowered(match: re.Match[str]) -> str:
    word = match.group()
    if word in ABBREVIATIONS or not (word in SIGN_WORDS or _looks_like_a_word(word)):
        return word
    return word.capitalize()


def _looks_like_a_word(word: str) -> bool:
    return len(word) >= 4 and any(letter in VOWELS for letter in word)


SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty")


def _below_sixty(number: int) -> str:
    if number < 20:
        return SMALL[number]
    return TENS[number // 10] + (f" {SMALL[number % 10]}" if number % 10 else "")


def _clock(match: re.Match[str]) -> str:
    """9:05 becomes "nine oh five", 14:00 "fourteen hundred", 7:00 pm "seven p.m."."""
    hour, minute, half = int(match.group(1)), int(match.group(2)), match.group(3)
    if minute:
        said = f"{_below_sixty(hour)} {'oh ' if minute < 10 else ''}{_below_sixty(minute)}"
    elif half:
        said = _below_sixty(hour)
    elif hour == 0:
        said = "midnight"
    else:
        said = f"{_below_sixty(hour)} o'clock" if hour <= 12 else f"{_below_sixty(hour)} hundred"
    if not half:
        return said
    return f"{said} {half.strip()[0].lower()}.m."


def _rewrites(*pairs: tuple[str, str]) -> list[Rewrite]:
    return [(re.compile(pattern, re.MULTILINE), by) for pattern, by in pairs]


MARKDOWN = _rewrites(
    (r"^[ \t]*(```|~~~).*$", ""),  # the fence, not the code
    (r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1"),
    (r"^[ \t]*([-*_][ \t]*){3,}$", ""),
    (r"^[ \t:|-]*\|[ \t:|-]*$", ""),  # the line under a table's head
    (r"^[ \t]*(?:#{1,6}|>+|[-*+•])\s+", ""),
    (r"^[ \t]*\||\|[ \t]*$", ""),
    (r"[ \t]*\|[ \t]*", ", "),
    (r"\*{1,3}(?=\S)([^*\n]+?)(?<=\S)\*{1,3}", r"\1"),
    (r"(?<!\w)_{1,2}(?=\S)([^_\n]+?)(?<=\S)_{1,2}(?!\w)", r"\1"),
    (r"~~([^~\n]+)~~", r"\1"),
    (r"`+", ""),
    (r"<\/?[A-Za-z][^<>\n]*>", " "),
)
SYMBOLS = _rewrites(
    (r"(?<=\d)\s*°\s*C\b", " degrees Celsius"),
    (r"(?<=\d)\s*°\s*F\b", " degrees Fahrenheit"),
    (r"(?<=\d)\s*°", " degrees"),
    (r"(?<=\d)\s*%", " percent"),
    (r"(?<=\d)\s*[x×]\s*(?=\d)", " by "),
    (r"\s*(?:→|->|=>|⇒)\s*", " to "),
    (r"\s+&\s+", " and "),
    (r"\s+\+\s+", " plus "),
    (r"(?<=\d) \* (?=\d)", " times "),
    (r"(?<=\w) < (?=\w)", " is less than "),
    (r"(?<=\w) > (?=\w)", " is more than "),
    (r"\s+=\s+", " equals "),
    (r"(?<=\w)\s*≈\s*(?=\w)", " about "),
    (r"(?<![\w.])~(?=\d)", "about "),
    (r"\band/or\b", "and or"),
    (r"(?<=[A-Za-z])/(?=[A-Za-z])", " or "),
    (r"(?<![\w.-])(\d{1,4})\s?[-–]\s?(\d{1,4})(?![\w-])", r"\1 to \2"),  # a range; not a date or a telephone number
    (r"#(?=\d)", "number "),
    (r"[*^~\\{}<>=|_]+", " "),
)
_NO_EMOJI: Rewrite = (EMOJI, "")
REWRITES: list[Rewrite] = [
    _NO_EMOJI,
    *MARKDOWN[:2],
    (ADDRESS, _host),
    *MARKDOWN[2:],
    (CLOCK, _clock),
    *SYMBOLS,
    (CAPITALS, _lowered),
]
