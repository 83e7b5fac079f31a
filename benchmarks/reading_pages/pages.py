"""Makes the contents of pages: rows of cells, as a person would read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

Kind = Literal["sign", "receipt", "menu", "table", "paragraph"]


def _list(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", " ").split(";")]


_FOOD = _list(
    """
Bread rolls; Whole milk; Green tea; Olive oil; Tomato soup; Apple juice; Rice 1 kg; Butter; Basmati rice; Dark
chocolate; Goat cheese; Orange jam; Fresh basil; Potato salad; Grilled salmon; Mushroom risotto; Lentil curry; Pear
cake; Espresso; Sparkling water; House wine; Vegetable stew; Noodle bowl; Lemon tart
"""
)
_SHOPS = _list(
    """
Corner Market; Harbour Bakery; Green Valley Store; City Books; Old Mill Cafe; North Station Kiosk
"""
)
_SIGNS = _list(
    """
NO ENTRY; Platform 7; Push to open; Exit 42; Lost property office; Wet floor; Room 3.14; Library closed; Ring the
bell twice; Keep this door shut; Ticket office; Please queue here; Beware of the gap; Staff only; Parking 2 hours; First
aid
"""
)
_CITIES = _list(
    """
Vienna; Lisbon; Oslo; Prague; Dublin; Madrid; Turin; Bergen; Lyon; Porto; Graz; Malmo
"""
)
_PROSE = """
the river turns slowly around an old stone bridge where children fish for trout while their parents read in the shade
and a small boat carries bread milk and letters to houses on the other bank every morning except Sunday
"""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows from the top, each with its cells from the left; `columns` are where cells begin, as shares of width.

    The last cell of a row with several is aligned to the right where `priced`.
    """

    kind: Kind
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[float, ...] = (0.0,)
    priced: bool = False

    @property
    def text(self) -> str:
        """The rows as lines of text."""
        return "\n".join(" ".join(row) for row in self.rows)


def random_page(random: Random) -> Page:
    """One page of a kind drawn at random."""
    makers: tuple[Callable[[Random], Page], ...] = (_sign, _receipt, _menu, _table, _paragraph)
    return random.choice(makers)(random)


def _price(random: Random) -> str:
    return f"{random.randint(0, 39)}.{random.randint(0, 99):02}"


def _date(random: Random) -> str:
    return f"{random.randint(2019, 2029)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


def _time(random: Random) -> str:
    return f"{random.randint(6, 22)}:{random.randint(0, 59):02}"


def _sign(random: Random) -> Page:
    return Page("sign", tuple((line,) for line in random.sample(_SIGNS, random.randint(1, 3))))


def _receipt(random: Random) -> Page:
    items = [(name, _price(random)) for name in random.sample(_FOOD, random.randint(3, 8))]
    head = [(random.choice(_SHOPS),), (f"{_date(random)}  {_time(random)}",)]
    total = ("TOTAL", f"{sum(float(price) for _, price in items):.2f}")
    paid = ("Card", total[1]) if random.random() < 0.5 else ("Cash", f"{float(total[1]) + 5:.2f}")
    rows = [*head, *items, total, paid]
    return Page("receipt", tuple(tuple(row) for row in rows), (0.0, 0.75), priced=True)


def _menu(random: Random) -> Page:
    dishes = random.sample(_FOOD, random.randint(4, 9))
    return Page("menu", (("Today's menu",), *((dish, _price(random)) for dish in dishes)), (0.0, 0.8), priced=True)


def _table(random: Random) -> Page:
    rows = [(city, _time(random), str(random.randint(1, 14))) for city in random.sample(_CITIES, random.randint(4, 9))]
    return Page("table", (("Destination", "Time", "Track"), *rows), (0.0, 0.5, 0.8))


def _paragraph(random: Random) -> Page:
    words = _PROSE.split()
    words = words[random.randrange(len(words) - 30) :]
    return Page("paragraph", tuple((" ".join(words[first : first + 5]),) for first in range(0, 30, 5)))
