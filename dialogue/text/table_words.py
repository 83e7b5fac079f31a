"""Puts a table that was read in the room into words that a small language model understands. Pure.

In the text of a fact a table has one line for each row, with " | " between its cells.
"""

from __future__ import annotations

from collections.abc import Sequence


def table_words(text: str) -> str:
    """ "Milk | 1.35" becomes "Milk: 1.35"; below a heading "| Adult | Child", "Morning | 9 | 4" becomes "Morning: Adult
    9, Child 4". Rows are parted by semicolons. Other text stays as it is."""
    if "\n" not in text or " | " not in text:
        return text
    said: list[str] = []
    heading: list[str] = []
    rows = [cells_of(line) for line in text.split("\n")]
    for cells, below in zip(rows, [*rows[1:], []], strict=True):
        if is_heading(cells, below):
            heading = cells
        elif len(cells) == len(heading):
            named = [f"{name} {cell}" for name, cell in zip(heading[1:], cells[1:], strict=True) if cell]
            said.append(f"{' '.join(filter(None, (heading[0], cells[0])))}: {', '.join(named)}")
        else:
            name, _, rest = ", ".join(filter(None, cells)).partition(", ")
            said.append(f"{name}: {rest}" if rest else name)
    return "; ".join(filter(None, said))


def cells_of(line: str) -> list[str]:
    """The cells of a row; an empty first one is left out in writing."""
    return [cell.strip() for cell in (f" {line}" if line.startswith("|") else line).split(" | ")]


def is_heading(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row names the columns: it has no figures, and the row below as many cells, and figures in them."""
    if len(cells) < 3 or any(map(_has_digit, cells)):
        return False
    return not cells[0] or (len(below) == len(cells) and any(map(_has_digit, below[1:])))


def _has_digit(cell: str) -> bool:
    return any(map(str.isdigit, cell))
