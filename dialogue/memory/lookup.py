"""Finds lines of the event log about given words, as data for a model; `recall_answers` answers by rule.

Lines are ranked by the number of search terms they contain, then by recency. Text read in the room is quoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from dialogue.memory.event_log import Event, EventKind, EventLog
from dialogue.memory.event_time import when_was
from dialogue.text.scene_phrases import quoted
from dialogue.text.search_terms import search_terms

MOST_LINES = 5
MOST_CHARACTERS = 300  # of one line

SOURCES: Mapping[str, tuple[EventKind, ...]] = {
    "all": ("told", "asked", "said", "read", "seen"),
    "user": ("told", "asked"),
    "assistant": ("said",),
    "signs": ("read",),
    "things": ("seen",),
}
_WHOSE: Mapping[EventKind, str] = {
    "told": "the user said",
    "asked": "the user asked",
    "said": "you said",
    "read": "writing seen in the room",
    "seen": "thing seen in the room",
}


def look_up(log: EventLog, about: str, source: str, now: float, before: int | None = None) -> list[dict[str, str]]:
    """At most MOST_LINES lines, the best first; the latest if `about` has no search terms.

    `source` is a key of SOURCES, `now` the session time, `before` the line of the question itself.
    """
    kinds = SOURCES[source]
    terms = search_terms(about)
    found = Counter(number for term in terms for number in log.with_word(term, *kinds))
    if terms:
        events = [log.get(number) for number in found if number != before]
        events.sort(key=lambda event: (-found[event.number], -event.until))
    else:
        events = [event for event in reversed(log.events(*kinds)) if event.number != before]
    return [_as_data(event, when_was(log, event.until, now, earlier=event.earlier)) for event in events[:MOST_LINES]]


def _as_data(event: Event, when: str) -> dict[str, str]:
    text = event.text[:MOST_CHARACTERS]
    if event.kind == "seen":
        details = (event.details.get(name) for name in ("colour", "place"))
        text = ", ".join([text, *(str(detail) for detail in details if detail)])
    return {"when": when, "what": _WHOSE[event.kind], "text": quoted(text)}
