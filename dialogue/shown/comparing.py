"""Compares things that were shown, by rule: which is newer, and what differs from one picture to the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time

from dialogue.shown.sheets_compared import answer_from_sheets
from dialogue.shown.shown_thing import ShownThing
from dialogue.shown.view_changes import differences, more_things
from dialogue.text.dates import DateRead, date_in
from dialogue.text.grammar import ORDINALS, listed, sentence

_NEWER = re.compile(r"\b(?:newer|newest|later|latest|most recent|more recent|younger|youngest)\b", re.IGNORECASE)
_OLDER = re.compile(r"\b(?:older|oldest|earlier|earliest|first taken|dated first)\b", re.IGNORECASE)
_CHANGED = re.compile(
    r"\bwhat(?:'s| is| are| has|'ve| did| was| were)?(?: been| the)?(?: \w+)?"
    r" ?(?:changed?|differen(?:t|ces?)|new|missing|gone|added|removed|disappeared|vanished)\b"
    r"|\b(?:differ|differences?)\b|\bchanged\b|\bcompare\b",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\bhow (?:much|many)\b|\b(?:prices?|costs?|amounts?|totals?|rents?)\b", re.IGNORECASE)
# "What is in the second one that was not in the first?"
_ONLY_IN = re.compile(
    rf"\bwhat\b.*\b(?P<shows>{'|'.join(ORDINALS)})\b.*\bthat\b(?=.*(?:\bnot\b|n['’]t\b))"
    rf".*\b(?P<lacks>{'|'.join(ORDINALS)})\b",
    re.IGNORECASE,
)
MOST_CHANGES = 6


def answer_by_comparing(question: str, things: Sequence[ShownThing], names: Sequence[str]) -> str | None:
    """The answer about these things, called by these `names`; None for other questions."""
    if (known := answer_by_date(question, things, names)) is not None or len(things) < 2:
        return known
    if (known := answer_from_sheets(question, things, names)) is not None:
        return known
    if not compares(question) or any(thing.kind != "picture" for thing in things):
        return None
    if (only := _ONLY_IN.search(question)) is not None:
        shows, lacks = [ORDINALS.index(only[name].lower()) for name in ("shows", "lacks")]
        return _only_in(things[shows], things[lacks]) if max(shows, lacks) < len(things) else None
    return changes(things[-2], things[-1])


def compares(question: str) -> bool:
    """Whether it asks what differs from one picture to another; figures that differ are another question."""
    return not _FIGURES.search(question) and bool(_CHANGED.search(question) or _ONLY_IN.search(question))


def _only_in(shows: ShownThing, lacks: ShownThing) -> str | None:
    found = more_things(lacks.views[0].scene, shows.views[0].scene)
    return sentence(listed(found)) if found else None


def answer_by_date(question: str, things: Sequence[ShownThing], names: Sequence[str]) -> str | None:
    """ "Which of these is newer?", "which is the oldest?"; None for other questions."""
    if len(things) < 2 or not (_NEWER.search(question) or _OLDER.search(question)):
        return None
    return by_date(things, names, newest=bool(_NEWER.search(question)))


def by_date(things: Sequence[ShownThing], names: Sequence[str], *, newest: bool) -> str:
    """Which one is the newest or oldest: by the dates written on them, else by the times at which they were taken."""
    written = [date_in(thing.rows) for thing in things]
    dates = [each for each in written if each is not None]
    if len(dates) == len(things):
        return _by_written(dates, names, newest)
    taken = [_taken(thing) for thing in things]
    times = [each for each in taken if each is not None]
    if len(times) == len(things):
        which = (max if newest else min)(range(len(times)), key=times.__getitem__)
        rest = listed([f"{names[each]} {_moment(times[each], times)}" for each in range(len(times)) if each != which])
        return sentence(f"{names[which]}: it was taken {_moment(times[which], times)}, {rest}")
    missing = [name for name, day, at in zip(names, written, taken, strict=True) if day is None and at is None]
    without = listed(missing or [name for name, day in zip(names, written, strict=True) if day is None])
    return sentence(f"I can't tell: I find no date on {without}")


def _by_written(dates: Sequence[DateRead], names: Sequence[str], newest: bool) -> str:
    def place(each: DateRead, month_first: bool) -> tuple[date, time]:
        day = each.other if month_first and each.other is not None else each.day
        return day, each.at or time.min

    choose = max if newest else min
    which = choose(range(len(dates)), key=lambda number: place(dates[number], False))
    other = choose(range(len(dates)), key=lambda number: place(dates[number], True))
    if which != other:
        return "I can't tell: their dates can be read with the day or with the month first."
    if len({place(each, False) for each in dates}) == 1:
        return sentence(f"they have the same date, {dates[0].spoken}")
    timed = len({each.day for each in dates}) < len(dates)

    def said(number: int) -> str:
        at = dates[number].at
        return dates[number].spoken + (f" at {at.hour}:{at.minute:02}" if timed and at is not None else "")

    rest = listed([f"{names[each]} {said(each)}" for each in range(len(dates)) if each != which])
    return sentence(f"{names[which]}: it is dated {said(which)}, {rest}")


def _taken(thing: ShownThing) -> datetime | None:
    try:
        return datetime.fromisoformat(thing.taken)
    except ValueError:
        return None


def _moment(at: datetime, all_times: Sequence[datetime]) -> str:
    day = f"on {at.day} {at:%B %Y}"
    return day if len({each.date() for each in all_times}) == len(all_times) else f"{day} at {at.hour}:{at.minute:02}"


def changes(before: ShownThing, after: ShownThing) -> str:
    """What differs between two pictures: things, their places, the text."""
    found = differences(before.views[0], after.views[0])
    if not found:
        return "I see no difference between them."
    rest = ["there is more"] if len(found) > MOST_CHANGES else []
    return " ".join(sentence(each) for each in [*found[:MOST_CHANGES], *rest])
