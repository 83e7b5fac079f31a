"""Expected entries of a case besides tensors, which record whether they were read: a skipped comparison must not count
as a passed one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

# Entries that are not results of a model: the data call `beam3` informative, `rounds` and `preserve` are bookkeeping of
# the reference, `prompt`, `what` and `text_expanded_head` describe ids that are compared, `texts` are compared ids, cut
# where the reference holds back an incomplete character.
INFORMATIVE = re.compile(
    r"(.*\.)?(beam3|min_top2_margin\w*|text_expanded_head|texts|rounds|preserve|prompt|what)(\[\d+\])*"
)


class Expected(dict[str, Any]):
    """An object of case.json that records which of its entries were read."""

    def __init__(self, entries: list[tuple[str, Any]]) -> None:
        super().__init__(entries)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def items(self) -> dict_items[str, Any]:
        self.read |= self.keys()
        return super().items()

    def values(self) -> dict_values[str, Any]:
        self.read |= self.keys()
        return super().values()


def read_whole(value: Any) -> None:
    """Mark `value` and everything in it as read."""
    if isinstance(value, Expected):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            read_whole(item)


def unread(value: Any, at: str = "") -> Iterator[str]:
    """Paths of the entries of `value` that were not read."""
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
