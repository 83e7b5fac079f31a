"""Reads figures as Japanese words in katakana: numbers, times, dates, people. Pure."""

from __future__ import annotations

import re

_DIGITS = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_HUNDREDS = {1: "ヒャク", 3: "サンビャク", 6: "ロッピャク", 8: "ハッピャク"}
_THOUSANDS = {1: "セン", 3: "サンゼン", 8: "ハッセン"}
_HOURS = {4: "ヨ", 7: "シチ", 9: "ク", 0: "レイ"}
_DAYS = ("", "ツイタチ", "フツカ", "ミッカ", "ヨッカ", "イツカ", "ムイカ", "ナノカ", "ヨウカ", "ココノカ", "トオカ")
# Endings that change before 分, 匹 and 本: "イチ" and "フン" are イップン.
_SHORT = {"イチ": "イッ", "ロク": "ロッ", "ハチ": "ハッ", "ジュウ": "ジュッ"}
_COUNTERS = {
    "分": ("フン", "プン", "プン"),
    "匹": ("ヒキ", "ピキ", "ビキ"),
    "本": ("ホン", "ポン", "ボン"),
    "杯": ("ハイ", "パイ", "バイ"),
}
LARGEST = 99_999_999


def number(value: int) -> str:
    """A whole number up to LARGEST: 205 is ニヒャクゴ."""
    if not value:
        return "ゼロ"
    many, few = divmod(value, 10_000)
    return (f"{_below(many)}マン" if many else "") + _below(few)


def _below(value: int) -> str:
    thousands, hundreds, tens, ones = value // 1000, value // 100 % 10, value // 10 % 10, value % 10
    said = _THOUSANDS.get(thousands, f"{_DIGITS[thousands]}セン") if thousands else ""
    said += _HUNDREDS.get(hundreds, f"{_DIGITS[hundreds]}ヒャク") if hundreds else ""
    said += f"{_DIGITS[tens] if tens > 1 else ''}ジュウ" if tens else ""
    return said + _DIGITS[ones]


def _counted(found: re.Match[str]) -> str:
    said, (plain, hard, soft) = number(int(found[1])), _COUNTERS[found[2]]
    for ending, short in _SHORT.items():
        if said.endswith(ending):
            return said.removesuffix(ending) + short + hard
    if said.endswith("サン"):
        return said + soft
    return said + (hard if found[2] == "分" and said.endswith("ヨン") else plain)


def _hour(found: re.Match[str]) -> str:
    tens, ones = divmod(int(found[1]), 10)
    return (number(10 * tens) if tens else "") + (_HOURS.get(ones, _DIGITS[ones]) if ones or not tens else "") + "ジ"


def _day(found: re.Match[str]) -> str:
    day = int(found[1])
    if 0 < day < len(_DAYS):
        return _DAYS[day]
    return {14: "ジュウヨッカ", 20: "ハツカ", 24: "ニジュウヨッカ"}.get(day, f"{number(day)}ニチ")


def _month(found: re.Match[str]) -> str:
    month = int(found[1])
    return {4: "シ", 7: "シチ", 9: "ク"}.get(month, number(month)) + "ガツ"


def _people(found: re.Match[str]) -> str:
    return {1: "ヒトリ", 2: "フタリ", 4: "ヨニン"}.get(int(found[1]), f"{number(int(found[1]))}ニン")


def _digits(found: re.Match[str]) -> str:
    whole, _, part = found.group().replace(",", "").partition(".")
    said = number(int(whole)) if int(whole) <= LARGEST else "".join(_DIGITS[int(digit)] or "ゼロ" for digit in whole)
    return said + ("テン" + "".join(_DIGITS[int(digit)] or "ゼロ" for digit in part) if part else "")


_RULES = (
    (re.compile(r"(?<![\d:])(\d{1,2}):00(?![\d:])"), lambda found: f"{found[1]}時"),
    (re.compile(r"(?<![\d:])(\d{1,2}):0?(\d{1,2})(?![\d:])"), lambda found: f"{found[1]}時{found[2]}分"),
    (re.compile(r"(?<!\d)(\d{1,2})時(?!間)"), _hour),
    (re.compile(r"(?<!\d)(\d{1,2})月"), _month),
    (re.compile(r"(?<!\d)(\d{1,2})日(?!間)"), _day),
    (re.compile(r"(?<![\d.])(\d{1,4})人"), _people),
    (re.compile(r"(?<![\d.])(\d{1,4})(分|匹|本|杯)"), _counted),
    (re.compile(r"(?<=\d)\s?[%％]"), lambda _found: "パーセント"),
    (re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?"), _digits),
)


def in_kana(text: str) -> str:
    """`text` with its figures as a speaker reads them."""
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return text
