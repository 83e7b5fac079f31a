"""What a case expects besides tensors, and which of it was never looked at: a comparison that is left out must not
pass for one that succeeded."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Iterator, ValuesView
from typing import Any

# Told for the reader of a case, and no result of a model that has to be met: `beam3` is called informative by the data
# themselves, `rounds` and `preserve` are the bookkeeping of the reference, `prompt`, `what` and `text_expanded_head`
# describe ids that are compared, `texts` are ids that are compared, cut where the reference holds back half a letter.
INFORMATIVE = re.compile(
    r"(.*\.)?(beam3|min_top2_margin\w*|text_expanded_head|texts|rounds|preserve|prompt|what)(\[\d+\])*"
)


class Expected(dict[str, Any]):
    """An object of case.json that remembers which of its entries were asked for."""

    def __init__(self, entries: list[tuple[str, Any]]) -> None:
        super().__init__(entries)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def items(self) -> ItemsView[str, Any]:
        self.read |= self.keys()
        return super().items()

    def values(self) -> ValuesView[Any]:
        self.read |= self.keys()
        return super().values()


def read_whole(value: Any) -> None:
    """It is being compared, with everything in it."""
    if isinstance(value, Expected):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            read_whole(item)


def unread(value: Any, at: str = "") -> Iterator[str]:
    """Where in `value` the entries are that nobody asked for."""
    if isinstance(value, Expected):
        for name, entry in dict.items(value):
            place = f"{at}.{name}" if at else name
            if name in value.read:
                yield from unread(entry, place)
            elif entry is not None and not INFORMATIVE.fullmatch(place):
                yield place
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from unread(item, f"{at}[{number}]")
