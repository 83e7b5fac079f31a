"""Remembers what was recognised in this conversation: the latest scene, and earlier facts.

What was seen goes into the event log, one line for each visit of a thing or a text; the past is read from there.
`scene_answers` queries it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from dialogue.blocks import Fact, FactKind, SceneBlock
from dialogue.memory.event_log import Event, EventKind, EventLog
from dialogue.memory.timeline import EMPTY_SCENE

# Seconds after its last confirmation at which a fact no longer counts as present. Text is read less often than objects
# are detected.
STALE_S: dict[FactKind, float] = {"object": 5.0, "colour": 5.0, "light": 5.0, "text": 10.0, "description": 20.0}

# A thing that returns within this time was never gone: the lens was covered, or the detector missed it.
SAME_VISIT_S = 30.0

# The facts that get a line. Colours and light change too often to be worth one.
_LINES: dict[FactKind, EventKind] = {"object": "seen", "text": "read"}
_DETAILS = ("count", "place", "distance", "colour")

_Name = tuple[FactKind, str, str]


@dataclass(slots=True)
class _Visit:
    """A thing or text that is or was recently present, and its line in the log."""

    fact: Fact
    line: int


class SceneMemory:
    """One per session. `scene` is the newest; the past is in `log`, which is shared with the session."""

    def __init__(self, log: EventLog | None = None, limit: int = 5000) -> None:
        self.scene = EMPTY_SCENE
        self._log = EventLog(limit=limit) if log is None else log
        self._visits: dict[_Name, _Visit] = {}

    def see(self, scene: SceneBlock) -> None:
        """Replaces the scene by a newer one and remembers what it shows."""
        self.scene = scene
        for name, facts in _by_name(scene.facts).items():
            if visit := self._visits.get(name):
                visit.fact = _together([visit.fact, *facts], facts)
            elif not self._is_known(name, fact := _together(facts, facts)):
                kind = _LINES[fact.kind]
                line = self._log.add(kind, fact.text or fact.label, fact.since, fact.at, fact.label, _details(fact))
                self._visits[name] = _Visit(fact, line)
        for name in [n for n, visit in self._visits.items() if visit.fact.at < scene.at - SAME_VISIT_S]:
            self._write(self._visits.pop(name))

    @property
    def texts(self) -> list[str]:
        """The texts in view."""
        return [fact.text for fact in self.present("text")]

    def present(self, kind: FactKind) -> list[Fact]:
        """Facts of a kind that hold now, in the scene's order; none while the camera is off."""
        if not self.scene.camera:
            return []
        return [fact for fact in self.scene.facts if fact.kind == kind and not self._is_stale(fact)]

    def past(self, kind: FactKind) -> list[Fact]:
        """Facts of a kind that held earlier and no longer do, last seen first."""
        now = {_name(fact) for fact in self.present(kind)}
        gone = [fact for fact in self._remembered(kind) if _name(fact) not in now]
        return sorted(gone, key=lambda fact: fact.at, reverse=True)

    def ever(self, kind: FactKind) -> list[Fact]:
        """All facts of a kind that are remembered, first seen first."""
        return sorted(self._remembered(kind), key=lambda fact: fact.since)

    def _remembered(self, kind: FactKind) -> list[Fact]:
        """One fact for each thing or text: as it was last, since it was first seen."""
        for visit in self._visits.values():
            self._write(visit)
        lines: dict[tuple[str, str], list[Event]] = {}
        for event in self._log.events(_LINES[kind]):
            lines.setdefault((event.label, event.text), []).append(event)
        return [_fact(of_one) for of_one in lines.values()]

    def _is_known(self, name: _Name, fact: Fact) -> bool:
        """Whether a fact that arrives late is in the log already. Recent ones need no search."""
        if fact.at >= self.scene.at - SAME_VISIT_S:
            return False
        return any(event.until >= fact.at for event in self._log.named(_LINES[fact.kind], fact.label, name[2]))

    def _write(self, visit: _Visit) -> None:
        self._log.amend(visit.line, visit.fact.at, _details(visit.fact))

    def _is_stale(self, fact: Fact) -> bool:
        return fact.at < self.scene.at - STALE_S[fact.kind]


def _name(fact: Fact) -> _Name:
    return fact.kind, "" if fact.kind == "text" else fact.label, fact.text


def _by_name(facts: tuple[Fact, ...]) -> dict[_Name, list[Fact]]:
    """Facts with the same name: things of one label at several places, or a text."""
    groups: dict[_Name, list[Fact]] = {}
    for fact in facts:
        if fact.kind in _LINES:
            groups.setdefault(_name(fact), []).append(fact)
    return groups


def _together(every: list[Fact], latest: list[Fact]) -> Fact:
    """One fact for several: its latest state, since it was first seen. A known colour is kept."""
    newest = max(latest, key=lambda fact: fact.at)
    colour = newest.colour or next((fact.colour for fact in every if fact.colour), "")
    since = min(fact.since for fact in every)
    return replace(newest, count=sum(fact.count for fact in latest), since=since, colour=colour)


def _details(fact: Fact) -> dict[str, object]:
    every = asdict(fact)
    return {name: every[name] for name in _DETAILS}


def _fact(lines: list[Event]) -> Fact:
    """The lines about one thing or text as one fact."""
    newest, since = max(lines, key=lambda line: line.until), min(line.at for line in lines)
    if newest.kind == "read":
        return Fact("text", newest.label, text=newest.text, since=since, at=newest.until)
    fact = Fact("object", newest.label, since=since, at=newest.until, **newest.details)
    colours = (line.details["colour"] for line in reversed(lines) if line.details["colour"])
    return fact if fact.colour else replace(fact, colour=next(colours, ""))
