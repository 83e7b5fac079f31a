"""Answers questions about the figures of a sheet by rule: values, totals, sums, differences, extremes, counts. Exact.

Names from the sheet are quoted: they are data from the room.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dialogue.shown.amounts import total_of
from dialogue.shown.sheet import Figure, Row, Sheet, figure, sheet_of
from dialogue.shown.sheet_questions import Named, SheetQuestion, sheet_question
from dialogue.text.dates import days_read
from dialogue.text.grammar import listed, number_of, number_word
from dialogue.text.scene_phrases import quoted

_DATE = re.compile(
    r"\b(?:what|which)(?:['’]?s| is| was)?(?: the)? dates?\b(?!.*\btoday\b).*\b(?:on|of|does)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class _Value:
    """The figure in one cell, and what it is a figure of."""

    figure: Figure
    name: str
    named: Named

    @property
    def each(self) -> Decimal:
        return self.figure.value / self.named.row.count

    @property
    def asked(self) -> Figure:
        """For as many as the question says, else for all of the row."""
        times = self.named.times
        return self.figure if times is None else self.figure.worth(self.each * times)

    @property
    def said(self) -> str:
        times = "" if self.named.times is None else f"{number_word(self.named.times)} times "
        return f"{times}{self.name}: {self.asked.spoken}"


def answer_from_sheet(question: str, texts: Sequence[str]) -> str | None:
    """The answer to a question about figures or the date in these texts; None for other questions."""
    if _DATE.search(question):
        return _date(texts)
    sheet = sheet_of(texts)
    asked = sheet_question(question, sheet)
    if asked is None:
        return None
    values = [value for named in asked.named if (value := _value(named, asked, sheet)) is not None]
    if len(values) < len(asked.named):
        return _across(asked, sheet)
    if asked.budget:
        return _enough(asked.budget, values)
    if "more" in asked.concepts:
        values += _the_other(values, asked, sheet)
        return _difference(values) if len(values) == 2 else _across(asked, sheet)
    if not values:
        return _of_all(asked, sheet)
    if asked.concepts & {"most", "least", "or"}:
        return None
    if "number" in asked.concepts and not asked.columns:
        return _count(values[0]) if len(values) == 1 else None
    if len(values) > 1:
        return _sum(values) if asked.concepts & {"sum", "total"} else None
    return _single(values[0]) if asked.concepts & {"figure", "one", "number"} or asked.columns else None


def _date(texts: Sequence[str]) -> str | None:
    """The date in the texts; None where there is no one date."""
    days = days_read(texts)
    return f"It says {days[0].spoken}." if len(days) == 1 else None


def _value(named: Named, asked: SheetQuestion, sheet: Sheet) -> _Value | None:
    """The figure of a row that the question is about; None where it may be one of several."""
    columns = sheet.columns(named.row)
    if asked.columns:
        columns = [column for column in columns if column in asked.columns]
    return _cell(named, columns[0], sheet) if len(columns) == 1 else None


def _cell(named: Named, column: int, sheet: Sheet) -> _Value:
    found = figure(named.row.cells[column])
    assert found is not None, "a column of figures holds one"
    several = len(named.row.cells) > 1 and column < len(sheet.heading)
    name = quoted(named.row.name) + (f", {quoted(sheet.heading[column])}" if several else "")
    return _Value(found, name, named)


def _across(asked: SheetQuestion, sheet: Sheet) -> str | None:
    """The difference of two columns of one row."""
    if len(asked.named) != 1 or "more" not in asked.concepts:
        return None
    columns = [at for at in sheet.columns(asked.named[0].row) if at in asked.columns]
    return _difference([_cell(asked.named[0], at, sheet) for at in columns]) if len(columns) == 2 else None


def _the_other(values: Sequence[_Value], asked: SheetQuestion, sheet: Sheet) -> list[_Value]:
    """Where one of two articles is named, the other one."""
    if len(values) != 1 or len(sheet.articles) != 2:
        return []
    others = [_value(Named(row, None), asked, sheet) for row in sheet.articles if row != values[0].named.row]
    return [other for other in others if other is not None]


def _difference(values: Sequence[_Value]) -> str | None:
    more, less = sorted(values, key=lambda each: -each.asked.value)
    if more.asked.unit != less.asked.unit:
        return None
    by = more.asked.worth(more.asked.value - less.asked.value)
    return f"{more.said}, {less.said}. That is {by.spoken} more." if by.value else f"{more.said}, {less.said}. No more."


def _of_all(asked: SheetQuestion, sheet: Sheet) -> str | None:
    """The answer where no row is named."""
    concepts = asked.concepts
    if concepts & {"first", "last"}:
        return _at_end(asked, sheet)
    if concepts & {"most", "least"}:
        return _extreme(asked, sheet) if len(concepts & {"most", "least"}) == 1 and "number" not in concepts else None
    if "number" in concepts:
        count = len(sheet.articles)
        return f"There are {number_word(count)}." if "articles" in concepts and count > 1 else None
    if asked.columns or not concepts & {"total", "figure"} or concepts & {"one", "or", "articles"}:
        return None
    total = total_of(sheet.texts)
    return f"The total is {total.spoken}." if total is not None else None


def _at_end(asked: SheetQuestion, sheet: Sheet) -> str | None:
    """The first or last row of a table, or what stands first or last in a column of words."""
    end = {"first": 0, "last": -1}
    named = [concept for concept in asked.concepts if concept in end]
    if len(named) != 1 or not asked.concepts <= {*named, "which", "articles"} or not sheet.heading:
        return None
    at = end[named[0]]
    if not asked.columns:
        return f"{quoted(sheet.rows[at].name)}." if sheet.rows and sheet.rows[at].name else None
    cells = [(row, row.cells[asked.columns[0]]) for row in sheet.rows if asked.columns[0] < len(row.cells)]
    filled = [(row, cell) for row, cell in cells if cell]
    if len(asked.columns) > 1 or not filled or figure(filled[at][1]) is not None:
        return None
    return f"{quoted(filled[at][1])}: {quoted(filled[at][0].name)}."


def _extreme(asked: SheetQuestion, sheet: Sheet) -> str | None:
    """The rows with the highest or lowest figure, in each column that may be meant."""
    found: list[list[_Value]] = []
    columns = asked.columns or sorted({column for row in sheet.articles for column in sheet.columns(row)})
    for column in columns:
        values = [_cell(Named(row, None), column, sheet) for row in sheet.articles if column in sheet.columns(row)]
        if len(values) < 2 or len({value.figure.unit for value in values}) > 1:
            return None
        choose = max if "most" in asked.concepts else min
        extremes = choose(value.figure.value for value in values), choose(value.each for value in values)
        found.append([value for value in values if value.figure.value == extremes[0] or value.each == extremes[1]])
    if not found or any(_rows(each) != _rows(found[0]) for each in found):
        return None
    return f"{listed([_with_each(value) for values in found for value in values])}."


def _rows(values: Sequence[_Value]) -> list[Row]:
    return [value.named.row for value in values]


def _count(value: _Value) -> str | None:
    """How many of a row: its quantity, or a whole number in its cell."""
    if value.figure.money:
        return f"{number_word(value.named.row.count).capitalize()}: {_with_each(value)}."
    return f"{value.said}." if not value.figure.unit else None


def _sum(values: Sequence[_Value]) -> str | None:
    if len({value.figure.unit for value in values}) > 1:
        return None
    whole = values[0].figure.worth(sum((value.asked.value for value in values), start=Decimal(0)))
    return f"{listed([value.said for value in values])}. That makes {whole.spoken}."


def _enough(budget: str, values: Sequence[_Value]) -> str | None:
    money = number_of(budget)
    if not values or money is None:
        return None
    whole = values[0].figure.worth(sum((value.asked.value for value in values), start=Decimal(0)))
    return f"{'Yes' if whole.value <= money else 'No'}: that is {whole.spoken}."


def _single(value: _Value) -> str:
    return f"{value.said}." if value.named.times is not None else f"{_with_each(value)}."


def _with_each(value: _Value) -> str:
    """With the price of one, where the figure is for several."""
    count = value.named.row.count
    if count == 1:
        return value.said
    return f"{value.said} for {number_word(count)}, {value.figure.worth(round(value.each, 2)).spoken} each"
