"""A line of text that was read, and the rows in which lines stand, also on a sheet that is held askew."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from vision.box import Box

_LONG = 0.5  # share of the longest line from which a line shows how far the sheet is turned


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, quoted data; `score` 0..1 is the certainty of the reading.

    `slope` is how far the line falls over the whole width of the picture, as a share of its height.
    """

    text: str
    score: float
    box: Box
    slope: float = 0.0

    @property
    def height(self) -> float:
        """The height of the characters, as a share of the picture's height; the box of a line that falls is higher."""
        high = self.box[3] - self.box[1]
        return max(0.1 * high, high - abs(self.slope) * (self.box[2] - self.box[0]))

    def level(self, slope: float) -> float:
        """The height of its middle, had a sheet with this slope been held straight."""
        return (self.box[1] + self.box[3] - slope * (self.box[0] + self.box[2])) / 2


def slope_of(lines: Sequence[TextLine]) -> float:
    """The slope of the sheet on which the lines stand, by the longer ones."""
    longest = max((line.box[2] - line.box[0] for line in lines), default=0.0)
    return statistics.median([line.slope for line in lines if line.box[2] - line.box[0] >= _LONG * longest] or [0.0])


def rows_of(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """The rows from the top, each from the left."""
    slope = slope_of(lines)
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.level(slope)):
        above = rows[-1][0] if rows else line
        if rows and line.level(slope) - above.level(slope) < 0.5 * min(line.height, above.height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in rows]


def page_rows(lines: Sequence[TextLine]) -> list[str]:
    """The text of each row, from the top."""
    return [" ".join(line.text for line in row) for row in rows_of(lines)]


def page_text(lines: Sequence[TextLine]) -> str:
    """The text with a line break after each row."""
    return "\n".join(page_rows(lines))
