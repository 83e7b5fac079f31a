"""Says in a language with a `past` table when something was, and what its search terms are. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from dialogue.languages.language import Language
from dialogue.languages.spans import span
from dialogue.memory.event_log import EventLog

JUST_NOW_S = 10.0
_MINUTE_S, _HOUR_S = 60.0, 3600.0


def when_was(log: EventLog, at: float, now: float, lang: Language, *, earlier: bool) -> str:
    """How long before `now` something was, or on which day of an earlier call; times on the session clock."""
    moment, present = log.moment(at), log.moment(now)
    if earlier and moment is not None and present is not None:
        return on_the_day(moment, present, lang)
    table, passed_s = lang.table["past"], now - at
    if passed_s < JUST_NOW_S:
        return str(table["just_now"])
    unit = _HOUR_S if passed_s >= _HOUR_S else _MINUTE_S if passed_s >= _MINUTE_S else 1.0
    return str(table["ago"]).format(span=span(passed_s // unit * unit, lang))


def on_the_day(moment: datetime, now: datetime, lang: Language) -> str:
    """The day and the time of `moment`, as a person would say it at `now`."""
    table, days = lang.table["past"], (now.date() - moment.date()).days
    if days < len(table["days"]):
        day = table["days"][days]
    else:
        day = str(table["date"]).format(month=lang.table["clock"]["months"][moment.month - 1], day=moment.day)
        if moment.year != now.year:
            day = str(table["year"]).format(year=moment.year) + day
    return str(table["day"]).format(day=day, hour=moment.hour, minute=moment.minute)


def search_terms(about: str, lang: Language) -> tuple[tuple[str, ...], ...]:
    """The words of a question that its answer will hold; where no spaces are written, in pieces of two characters."""
    parts = [part for part in re.split(lang.table["past"]["empty"], lang.plain(about)) if part]
    pieces = [[part[at : at + 2] for at in range(max(1, len(part) - 1))] for part in parts]
    return tuple((piece,) for piece in dict.fromkeys(piece for each in pieces for piece in each))
