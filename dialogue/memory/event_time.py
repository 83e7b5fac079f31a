"""Says when something of the event log was: how long ago in this call, or the day and time of an earlier call."""

from __future__ import annotations

from dialogue.memory.event_log import EventLog
from dialogue.text.date_words import on_the_day
from dialogue.text.grammar import ago


def when_was(log: EventLog, at: float, now: float, *, earlier: bool) -> str:
    """`at` and `now` are times on the session clock; `earlier`: it was in another call."""
    moment, present = log.moment(at), log.moment(now)
    if not earlier or moment is None or present is None:
        return ago(now - at)
    return on_the_day(moment, present)
