"""Orders lines of text and groups them into signs by their boxes.

Neighbouring lines of similar height are one sign: "NO PARKING" above "8 AM TO 6 PM".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vision.box import Box, area, around
from vision.reading.quoted import cleaned

_ALIKE = 2.2  # maximum ratio of the heights of two neighbouring lines of a sign
_NEAR_BELOW = 1.1  # line heights between two lines of a sign
_NEAR_BESIDE = 1.6  # line heights between two words of a row
_MAX_LINES = 12  # of a sign; more lines are a page, which is reported in parts


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, quoted data; `score` 0..1 is the certainty of the reading."""

    text: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class Sign:
    """Lines that belong together, in reading order; at least one."""

    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        """The text in one line that may be quoted."""
        return cleaned(" ".join(line.text for line in self.lines))

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
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: _middle(line.box)):
        if rows and _middle(line.box) - _middle(rows[-1][0].box) < 0.5 * min(_height(line), _height(rows[-1][0])):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def signs_of(lines: Sequence[TextLine], shape: float = 4 / 3) -> list[Sign]:
    """Groups every line into one sign, the largest sign first. `shape` is the picture's width over its height."""
    groups: list[list[TextLine]] = []
    for line in in_reading_order(lines):
        near = [group for group in groups if any(_belong_together(line, other, shape) for other in group)]
        joined = [each for group in near for each in group]
        if near and len(joined) < _MAX_LINES:
            groups = [group for group in groups if all(group is not one for one in near)]
            groups.append([*joined, line])
        else:
            groups.append([line])
    signs = [Sign(tuple(in_reading_order(group))) for group in groups]
    return sorted(signs, key=lambda sign: -area(sign.box))


def _belong_together(a: TextLine, b: TextLine, shape: float) -> bool:
    smaller, larger = sorted([_height(a), _height(b)])
    if larger > _ALIKE * smaller:
        return False
    below = max(a.box[1], b.box[1]) - min(a.box[3], b.box[3])  # negative where they share rows
    beside = max(a.box[0], b.box[0]) - min(a.box[2], b.box[2])
    if below < -0.5 * smaller:
        return beside * shape < _NEAR_BESIDE * larger
    narrower = min(a.box[2] - a.box[0], b.box[2] - b.box[0])
    return below < _NEAR_BELOW * larger and -beside > 0.4 * narrower


def _height(line: TextLine) -> float:
    return line.box[3] - line.box[1]


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2
