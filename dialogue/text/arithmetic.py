"""Evaluates simple sums in words or figures: "what is five plus three", "(12 + 1) * 7". Exact, or None.

Reads numbers, parentheses, four operations and whole powers with the usual precedence; evaluates nothing else.
"""

from __future__ import annotations

import re
from fractions import Fraction

from dialogue.text.grammar import number_of

_ASKS = re.compile(
    r"^(?:(?:what|how much) (?:is|are|does|do|would be)|calculate|compute|work out|add up|solve) "
    r"| (?:make|makes|equal|equals|be|is)$"
)
_OPERATORS = tuple(
    (re.compile(pattern), operator)
    for pattern, operator in (
        (r"\bplus\b|\badded to\b", "+"),
        (r"\bminus\b|\bless\b", "-"),
        (r"\b(?:times|multiplied by)\b|(?<=\d) x (?=\d)", "*"),
        (r"\b(?:divided by|over)\b", "/"),
        (r"\bhalf of\b", "1 / 2 *"),
        (r"\bto the power of\b|\*\*", "^"),
        (r"(?<=[\w)]) squared\b", "^ 2"),
        (r"(?<=[\w)]) cubed\b", "^ 3"),
        (r"\b(?:percent|per cent) of\b|% of\b", "/ 100 *"),
    )
)
# "the sum of nineteen and twenty three": the last "and" joins the two.
_OF_TWO = tuple(
    (re.compile(rf"^(?:the )?{name} (?:of|between) (.+) and (.+)$"), operator)
    for name, operator in (("sum", "+"), ("difference", "-"), ("product", "*"))
)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|[-+*/^()])")
_LARGEST = 10**15
_MOST_BITS = 512  # bound on the size of a power, checked before it is computed


def result(words: str) -> str | None:
    """The value of a sum in plain words ("12 * 7" -> "84"), or None if the words are no sum."""
    words = _ASKS.sub("", words.strip())
    for pattern, operator in _OF_TWO:
        words = pattern.sub(rf"( \1 ) {operator} ( \2 )", words)
    for pattern, operator in _OPERATORS:
        words = pattern.sub(f" {operator} ", words)
    tokens = _tokens(_in_figures(words.split()))
    if tokens is None or len(tokens) < 3:
        return None
    try:
        value = _sum(tokens)
    except ZeroDivisionError:
        return "undefined: nothing can be divided by zero"
    return None if value is None or tokens or abs(value) > _LARGEST else _spoken(value)


def _in_figures(words: list[str]) -> str:
    """Number words to figures: "two hundred and twenty five" -> "225"."""
    out: list[str] = []
    total = part = None  # of the number being read: whole thousands, and the rest
    for word in [*words, "."]:
        value = number_of(word)
        if word.isalpha() or "-" in word[1:]:
            if value is not None:
                part = (part or 0) + value
                continue
            if word == "hundred" and part:
                part *= 100
                continue
            if word in _SCALES and part:
                total, part = (total or 0) + part * _SCALES[word], 0
                continue
            if word == "and" and part is not None:
                continue
        if part is not None:
            out.append(str((total or 0) + part))
            total = part = None
        out.append(word)
    return " ".join(out[:-1])


def _tokens(text: str) -> list[str] | None:
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        tokens.append(found[1])
        at = found.end()
    return tokens


def _sum(tokens: list[str]) -> Fraction | None:
    """Products joined by + and -; consumes tokens from the front."""
    value = _product(tokens)
    while value is not None and tokens and tokens[0] in "+-":
        sign = tokens.pop(0)
        right = _product(tokens)
        value = None if right is None else value + right if sign == "+" else value - right
    return value


def _product(tokens: list[str]) -> Fraction | None:
    value = _power(tokens)
    while value is not None and tokens and tokens[0] in "*/":
        sign = tokens.pop(0)
        right = _power(tokens)
        value = None if right is None else value * right if sign == "*" else value / right
    return value


def _power(tokens: list[str]) -> Fraction | None:
    """A number, raised or not: -2 ^ 2 is -4, 2 ^ 3 ^ 2 is 512. None for roots and for results beyond _MOST_BITS."""
    if tokens and tokens[0] == "-":
        tokens.pop(0)
        value = _power(tokens)
        return None if value is None else -value
    value = _number(tokens)
    if value is None or not tokens or tokens[0] != "^":
        return value
    tokens.pop(0)
    exponent = _power(tokens)
    if exponent is None or exponent.denominator != 1:
        return None
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    return value**exponent.numerator if bits * abs(exponent.numerator) <= _MOST_BITS else None


def _number(tokens: list[str]) -> Fraction | None:
    if not tokens or tokens[0] in "+-*/^)":
        return None
    first = tokens.pop(0)
    value = Fraction(first) if first != "(" else _sum(tokens)
    if first == "(" and (not tokens or tokens.pop(0) != ")"):
        return None
    return value


def _spoken(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    rounded = f"{float(value):.3f}".rstrip("0").rstrip(".")
    return rounded if Fraction(rounded) == value else f"about {rounded}"
