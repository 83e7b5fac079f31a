"""Puts a table that was read in the room into words that a small language model understands. Pure.

In the text of a fact a table has one line for each row, with " | " between its cells.
"""

from __future__ import annotations


def table_words(text: str) -> str:
    """ "Milk | 1.35" becomes "Milk: 1.35"; below a heading "| Adult | Child", "Morning | 9 | 4" becomes "Morning: Adult
    9, Child 4". Rows are parted by semicolons. Other text stays as it is."""
    if "\n" not in text or " | " not in text:
        return text
    said: list[str] = []
    heading: list[str] = []
    for cells in map(_cells, text.split("\n")):
        if not cells[0] and len(cells) > 2:
            heading = cells
        elif len(cells) == len(heading):
            named = [f"{name} {cell}" for name, cell in zip(heading[1:], cells[1:], strict=True) if cell]
            said.append(f"{cells[0]}: {', '.join(named)}")
        else:
            name, _, rest = ", ".join(filter(None, cells)).partition(", ")
            said.append(f"{name}: {rest}" if rest else name)
    return "; ".join(filter(None, said))


def _cells(row: str) -> list[str]:
    """The cells of a row; an empty first one is left out in writing."""
    return [cell.strip() for cell in (f" {row}" if row.startswith("|") else row).split(" | ")]
