"""Reads figures as Chinese words: numbers, times, dates, percentages, prices, temperatures. Pure."""

from __future__ import annotations

import re

DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")
LONGEST_NUMBER = 16  # digits; a longer one is read digit by digit


def number(digits: str) -> str:
    """A whole number in words: "205" is 二百零五, "12" 十二. Digit by digit with leading zeros, and where it is too
    long."""
    if len(digits) > LONGEST_NUMBER or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits)
    said, value, group = "", int(digits), 0
    gap = False
    while value:
        value, part = divmod(value, 10_000)
        if part:
            said = _below_ten_thousand(part) + _GROUPS[group] + ("零" if gap else "") + said
        gap = bool(said) and part < 1000
        group += 1
    return said.removeprefix("零") or "零"


def digit_by_digit(digits: str) -> str:
    """A telephone number, a year or a code."""
    return "".join(DIGITS[int(digit)] for digit in digits)


def _below_ten_thousand(value: int) -> str:
    said, gap = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            said += ("零" if gap and said else "") + DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return said.removeprefix("一") if said.startswith("一十") else said


def _decimal(match: re.Match[str]) -> str:
    whole, _, part = match.group().replace(",", "").partition(".")
    return number(whole) + (f"点{digit_by_digit(part)}" if part else "")


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    said = "零点" if hour == 0 else f"{'两' if hour == 2 else number(str(hour))}点"
    if not minute:
        return said if hour == 0 else f"{said}整"
    return said + ("零" if minute < 10 else "") + number(str(minute)) + "分"


_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_RULES = (
    (re.compile(r"(?<![\d.:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])"), _clock),
    (re.compile(r"(\d{4})(?=年)"), lambda found: digit_by_digit(found[1])),
    (re.compile(rf"({_NUMBER})\s?[%％]"), lambda found: f"百分之{found[1]}"),
    (re.compile(rf"[¥￥]\s?({_NUMBER})"), lambda found: f"{found[1]}元"),
    (re.compile(rf"\$\s?({_NUMBER})"), lambda found: f"{found[1]}美元"),
    (re.compile(rf"€\s?({_NUMBER})|({_NUMBER})\s?€"), lambda found: f"{found[1] or found[2]}欧元"),
    (re.compile(r"(?<=\d)\s?(?:℃|°C)"), lambda _: "摄氏度"),
    (re.compile(r"(?<=\d)\s?°"), lambda _: "度"),
    (re.compile(r"(?<![\d\u3400-\u9fff])-(?=\d)"), lambda _: "负"),
    (re.compile(r"(?<=\d)\s?[-–~～]\s?(?=\d)"), lambda _: "到"),
    (re.compile(r"(?<![\d.])2(?=[个只位张把本辆台部瓶杯根条件双盘块头匹架艘座天]|分钟|小时|点(?!\d))"), lambda _: "两"),
    (re.compile(r"(?<!\d)\d{7,}(?![\d.,])"), lambda found: digit_by_digit(found.group())),
    (re.compile(_NUMBER), _decimal),
)


def in_chinese_words(text: str) -> str:
    """`text` with its figures as a speaker reads them."""
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return text
