"""Orders lines of text and groups them into signs by their boxes.

Neighbouring lines of similar height are one sign: "NO PARKING" above "8 AM TO 6 PM". A table is one sign that keeps its
rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vision.box import Box, area, around
from vision.reading.quoted import MAX_LENGTH, cleaned
from vision.reading.tables import grid, tables_of
from vision.reading.text_line import TextLine, rows_of

_ALIKE = 2.2  # maximum ratio of the heights of two neighbouring lines of a sign
_NEAR_BELOW = 1.1  # line heights between two lines of a sign
_NEAR_BESIDE = 1.6  # line heights between two words of a row
_MAX_LINES = 12  # of a sign; more lines are a page, which is reported in parts
_LONGEST_TABLE = 3 * MAX_LENGTH  # characters


@dataclass(frozen=True, slots=True)
class Sign:
    """Lines that belong together, in reading order; at least one. `table` holds the rows of a table, cell by cell."""

    lines: tuple[TextLine, ...]
    table: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """The text as it may be quoted: in one line, or as the lines of a table with " | " between its cells."""
        if not self.table:
            return cleaned(" ".join(line.text for line in self.lines))
        rows = [cleaned(" | ".join(row)) for row in self.table]
        while len("\n".join(rows)) > _LONGEST_TABLE:
            rows.pop()
        return "\n".join(rows)

    @property
    def score(self) -> float:
        """The certainty of the reading, 0..1, weighted by the length of the lines."""
        weights = [len(line.text) for line in self.lines]
        return sum(line.score * weight for line, weight in zip(self.lines, weights, strict=True)) / sum(weights)

    @property
    def box(self) -> Box:
        return around([line.box for line in self.lines])


def in_reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """Row by row from the top, each from the left."""
    return [line for row in rows_of(lines) for line in row]


def signs_of(lines: Sequence[TextLine], shape: float = 4 / 3) -> list[Sign]:
    """Groups every line into one sign, the largest sign first. `shape` is the picture's width over its height."""
    signs: list[Sign] = []
    rest = list(lines)
    for table in tables_of(lines, shape):
        of_table = tuple(line for row in table for cell in row for line in cell.lines)
        rest = [line for line in rest if all(line is not other for other in of_table)]
        signs.append(Sign(of_table, tuple(tuple(row) for row in grid(table))))
    groups: list[list[TextLine]] = []
    for line in in_reading_order(rest):
        near = [group for group in groups if any(_belong_together(line, other, shape) for other in group)]
        joined = [each for group in near for each in group]
        if near and len(joined) < _MAX_LINES:
            groups = [group for group in groups if all(group is not one for one in near)]
            groups.append([*joined, line])
        else:
            groups.append([line])
    signs += [Sign(tuple(in_reading_order(group))) for group in groups]
    return sorted(signs, key=lambda sign: -area(sign.box))


def _belong_together(a: TextLine, b: TextLine, shape: float) -> bool:
    smaller, larger = sorted([a.height, b.height])
    if larger > _ALIKE * smaller:
        return False
    below = max(a.box[1], b.box[1]) - min(a.box[3], b.box[3])  # negative where they share rows
    beside = max(a.box[0], b.box[0]) - min(a.box[2], b.box[2])
    if below < -0.5 * smaller:
        return beside * shape < _NEAR_BESIDE * larger
    narrower = min(a.box[2] - a.box[0], b.box[2] - b.box[0])
    return below < _NEAR_BELOW * larger and -beside > 0.4 * narrower
