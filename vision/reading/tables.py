"""Finds tables among lines of text: receipts, menus, tickets, timetables, opening hours.

A table is at least two rows of several cells, one close below the other and aligned with it. Rows of one cell above,
between and below them belong to it: a heading, a remark. What stands apart is left to the signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vision.box import Box, around
from vision.reading.text_line import TextLine, rows_of, slope_of

_SAME_CELL = 1.0  # line heights between two words of a cell
_LONGEST_CELL = 40  # characters; columns of running text are no table
_NEXT_ROW = 3.0  # line heights between the middles of neighbouring rows
_ALIKE = 1.8  # ratio of the heights of neighbouring rows
_ALIGNED = 1.5  # line heights between the edges of aligned cells
_MOST_HEADINGS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """Words beside each other, from the left; at least one."""

    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def box(self) -> Box:
        return around([line.box for line in self.lines])


Row = tuple[Cell, ...]


def tables_of(lines: Sequence[TextLine], shape: float) -> list[list[Row]]:
    """Every table as its rows from the top. `shape` is the picture's width over its height."""
    tables: list[list[Row]] = []
    run: list[Row] = []
    slope = slope_of(lines)
    for row in [_cells(line, shape) for line in rows_of(lines)]:
        if run and not (_is_below(row, run[-1], slope) and _is_aligned(row, run, shape)):
            tables.append(run)
            run = []
        if not _is_beside(row, run):
            run = [*run, row]
            if len(row) > 1 and all(len(each) == 1 for each in run[:-1]):  # the first row of several cells
                run = [*[heading for heading in run[:-1] if not _is_beside(heading, [row])][-_MOST_HEADINGS:], row]
    tables.append(run)
    return [table for table in tables if sum(len(row) > 1 for row in table) > 1]


def grid(table: Sequence[Row]) -> list[list[str]]:
    """The texts of a table; a row with fewer cells than there are columns has empty ones."""
    columns = [cell.box for cell in max(table, key=len)]
    return [_in_columns(row, columns) if len(row) > 1 else [row[0].text] for row in table]


def _in_columns(row: Row, columns: Sequence[Box]) -> list[str]:
    texts, first = [""] * len(columns), 0
    for number, cell in enumerate(row):
        last = len(columns) - (len(row) - number)  # the cells after this one need a column each
        nearest = min(range(first, last + 1), key=lambda column: _offset(cell.box, columns[column]))
        texts[nearest], first = cell.text, nearest + 1
    return texts


def _cells(row: Sequence[TextLine], shape: float) -> Row:
    cells: list[list[TextLine]] = []
    for line in row:
        if cells and (line.box[0] - cells[-1][-1].box[2]) * shape < _SAME_CELL * line.height:
            cells[-1].append(line)
        else:
            cells.append([line])
    return tuple(Cell(tuple(cell)) for cell in cells)


def _is_below(row: Row, above: Row, slope: float) -> bool:
    """Whether a row is close below another one of about its size."""
    smaller, larger = sorted([_height(above), _height(row)])
    apart = row[0].lines[0].level(slope) - above[0].lines[0].level(slope)
    return larger < _ALIKE * smaller and apart < _NEXT_ROW * larger


def _is_aligned(row: Row, run: Sequence[Row], shape: float) -> bool:
    """Whether the outer cells of a row stand below cells of the last row of several."""
    wide = next((each for each in reversed(run) if len(each) > 1), None)
    if len(row) == 1 or wide is None:
        return True
    if any(len(cell.text) > _LONGEST_CELL for cell in row):
        return False
    far = _ALIGNED * _height(row) / shape
    return all(min(_offset(cell.box, other.box) for other in wide) < far for cell in (row[0], row[-1])) or all(
        min(_offset(cell.box, other.box) for other in row) < far for cell in (wide[0], wide[-1])
    )


def _is_beside(row: Row, run: Sequence[Row]) -> bool:
    """Whether a row of one cell stands left or right of the rows of several cells."""
    wide = [each for each in run if len(each) > 1]
    if len(row) > 1 or not wide:
        return False
    centre = (row[0].box[0] + row[0].box[2]) / 2
    return not min(each[0].box[0] for each in wide) <= centre <= max(each[-1].box[2] for each in wide)


def _offset(a: Box, b: Box) -> float:
    """How far two boxes are from a common left edge, right edge or centre."""
    return min(abs(a[0] - b[0]), abs(a[2] - b[2]), abs(a[0] + a[2] - b[0] - b[2]) / 2)


def _height(row: Row) -> float:
    heights = sorted(line.height for cell in row for line in cell.lines)
    return heights[len(heights) // 2]
