"""Finds amounts of money in text that was read, and the total of a receipt, bill or ticket. Exact: decimals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY", "₹": "INR", "₩": "KRW"}
_CODES = "EUR|USD|GBP|CNY|RMB|CHF|JPY|CAD|AUD|INR|SEK|NOK|DKK|PLN|CZK"
_SPOKEN = {
    "EUR": "euros",
    "USD": "dollars",
    "GBP": "pounds",
    "CNY": "yuan",
    "INR": "rupees",
    "JPY": "yen",
    "KRW": "won",
    "CHF": "francs",
}
_SIGN = "[" + "".join(map(re.escape, _SIGNS)) + "]"
_AMOUNT = re.compile(
    rf"(?P<before>{_SIGN}|\b(?:{_CODES})\b)?\s?(?<![\d.,:/])(?P<minus>(?<!\w)-)?"
    rf"(?P<figure>\d{{1,3}}(?:[ ,.'’]\d{{3}})+[.,]\d{{2}}"
    rf"|\d+[.,]\d{{2}}|(?<={_SIGN})\d+|(?<={_SIGN} )\d+)(?![\d:/]|[.,]\d|\s?%|\s?(?:kg|g|l|ml|cm|mm|km)\b)"
    rf"\s?(?P<after>{_SIGN}|\b(?:{_CODES})\b)?"
)
# From the most telling words to those that only stand in for them.
_TOTALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bgrand total\b|\btotal (?:due|to pay|amount)\b|\bamount (?:due|payable|to pay)\b|\bbalance due\b"
        r"|应付|实付|合计|总计|总额",
        r"(?<!sub )(?<!sub-)(?<!sub)\btotal\b|\bsumme\b|\bgesamt(?:betrag)?\b|\bto pay\b|\bimporte\b|\bmontant\b",
        r"\bamount\b|\bsum\b|\bfare\b|\bprice\b|小计",
    )
)
_NOT_TOTAL = re.compile(r"\b(?:items?|savings?|saved|tax|vat|mwst|discount|points|change|rückgeld)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Amount:
    """`currency` is a code of ISO 4217; empty where none is written."""

    value: Decimal
    currency: str = ""

    @property
    def spoken(self) -> str:
        """ "12.30 euros"."""
        return f"{self.value:.2f} {_SPOKEN.get(self.currency, self.currency)}".strip()


def amounts_in(text: str) -> list[Amount]:
    """The amounts in a row, from the left."""
    return [_amount(found) for found in _AMOUNT.finditer(text)]


def total_of(rows: Sequence[str]) -> Amount | None:
    """What is to be paid: the last amount of the last row that names the total, else of the row below it; None where
    no row does."""
    currency = next((each.currency for row in rows for each in amounts_in(row) if each.currency), "")
    currency = currency or next((sign for row in rows for mark, sign in _SIGNS.items() if mark in row), "")
    currency = currency or next((code[0] for row in rows if (code := re.search(rf"\b(?:{_CODES})\b", row))), "")
    for names in _TOTALS:
        for place in reversed(range(len(rows))):
            if not names.search(rows[place]) or _NOT_TOTAL.search(rows[place]):
                continue
            below = amounts_in(rows[place + 1]) if place + 1 < len(rows) else []
            found = amounts_in(rows[place]) or (below if len(below) == 1 else [])
            if found:
                return Amount(found[-1].value, found[-1].currency or currency)
    return None


def _amount(found: re.Match[str]) -> Amount:
    figure = re.sub(r"[ '’]", "", found["figure"])
    if re.search(r"[.,]\d{2}$", figure):
        figure = re.sub(r"[.,]", "", figure[:-3]) + "." + figure[-2:]
    sign = found["before"] or found["after"] or ""
    code = _SIGNS.get(sign, "CNY" if sign == "RMB" else sign)
    return Amount(Decimal(figure) * (-1 if found["minus"] else 1), code)
