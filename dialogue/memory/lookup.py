"""Lines of the event log about some words, as data for a model that words its own answer. `recall` answers by rule.

A line counts by how many of the ideas it holds, then by how lately it was. What the room showed is quoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from dialogue.memory.event_log import Event, EventKind, EventLog
from dialogue.rules.recall_questions import ideas_in
from dialogue.text.grammar import ago
from dialogue.text.scene_phrases import quoted

MOST_LINES = 5
MOST_LETTERS = 300  # of one line

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


def remembered(log: EventLog, about: str, source: str, now: float, before: int | None = None) -> list[dict[str, str]]:
    """At most MOST_LINES lines, the best first; the latest where no words are sought.

    `source` is a key of SOURCES, `now` the session time, `before` the line of the question itself.
    """
    kinds = SOURCES[source]
    ideas = ideas_in(about)
    found = Counter(number for idea in ideas for number in log.with_word(idea, *kinds))
    if ideas:
        events = [log.get(number) for number in found if number != before]
        events.sort(key=lambda event: (-found[event.number], -event.until))
    else:
        events = [event for event in reversed(log.events(*kinds)) if event.number != before]
    return [_told(event, now) for event in events[:MOST_LINES]]


def _told(event: Event, now: float) -> dict[str, str]:
    text = event.text[:MOST_LETTERS]
    if event.kind == "seen":
        details = (event.details.get(name) for name in ("colour", "place"))
        text = ", ".join([text, *(str(detail) for detail in details if detail)])
    return {"when": ago(now - event.until), "what": _WHOSE[event.kind], "text": quoted(text)}
