"""What the eyes have vouched for in this conversation: the latest scene, and facts that are gone since.

Bounded. Knows no questions and no words; `scene_answers` asks it.
"""

from __future__ import annotations

from dataclasses import replace

from dialogue.blocks import Fact, FactKind, SceneBlock

# A fact last confirmed so long before the scene was taken is history. Text is read less often than objects are seen.
STALE_S: dict[FactKind, float] = {"object": 5.0, "colour": 5.0, "light": 5.0, "text": 10.0}

_Name = tuple[FactKind, str, str]

NOTHING_SEEN = SceneBlock((), "", 0.0, camera=False)


class SceneMemory:
    """One per session. `scene` is the newest; older facts are kept up to `limit`, the longest unseen leave first."""

    def __init__(self, limit: int = 200) -> None:
        self.scene = NOTHING_SEEN
        self._limit = limit
        self._known: dict[_Name, Fact] = {}

    def see(self, scene: SceneBlock) -> None:
        """A newer scene replaces the one before; what it shows is remembered."""
        self.scene = scene
        for key, facts in _by_name(scene.facts).items():
            before = self._known.pop(key, facts[0])
            since = min(before.since, *(fact.since for fact in facts))
            newest = max(facts, key=lambda fact: fact.at)
            count = sum(fact.count for fact in facts)
            self._known[key] = replace(newest, count=count, since=since, colour=newest.colour or before.colour)
        while len(self._known) > self._limit:
            del self._known[min(self._known, key=lambda key: self._known[key].at)]

    def present(self, kind: FactKind) -> list[Fact]:
        """Facts of a kind that hold now, in the scene's order; none while the camera is off."""
        if not self.scene.camera:
            return []
        return [fact for fact in self.scene.facts if fact.kind == kind and not self._is_stale(fact)]

    def past(self, kind: FactKind) -> list[Fact]:
        """Facts of a kind that held earlier and do no more, last seen first."""
        now = {(fact.label, fact.text) for fact in self.present(kind)}
        gone = [fact for fact in self._known.values() if fact.kind == kind and (fact.label, fact.text) not in now]
        return sorted(gone, key=lambda fact: fact.at, reverse=True)

    def ever(self, kind: FactKind) -> list[Fact]:
        """All facts of a kind that are remembered, first seen first."""
        return sorted((fact for fact in self._known.values() if fact.kind == kind), key=lambda fact: fact.since)

    def _is_stale(self, fact: Fact) -> bool:
        return fact.at < self.scene.at - STALE_S[fact.kind]


def _by_name(facts: tuple[Fact, ...]) -> dict[_Name, list[Fact]]:
    """Facts about the same: things of a kind at several places, or a text."""
    groups: dict[_Name, list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.kind, "" if fact.kind == "text" else fact.label, fact.text), []).append(fact)
    return groups
