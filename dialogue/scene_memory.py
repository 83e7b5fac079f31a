"""What the eyes have vouched for in this conversation: the latest scene, and facts that are gone since.

Bounded. Knows no questions and no words; `scene_answers` asks it.
"""

from __future__ import annotations

from dataclasses import replace

from dialogue.blocks import Fact, FactKind, SceneBlock

# A fact last confirmed so long before the scene was taken is history. Text is read less often than objects are seen.
STALE_S: dict[FactKind, float] = {"object": 5.0, "colour": 5.0, "light": 5.0, "text": 10.0}

NOTHING_SEEN = SceneBlock((), "", 0.0, camera=False)


class SceneMemory:
    """One per session. `scene` is the newest; older facts are kept up to `limit`, the longest unseen leave first."""

    def __init__(self, limit: int = 200) -> None:
        self.scene = NOTHING_SEEN
        self._limit = limit
        self._known: dict[tuple[FactKind, str, str], Fact] = {}

    def see(self, scene: SceneBlock) -> None:
        """A newer scene replaces the one before; what it shows is remembered."""
        self.scene = scene
        for fact in scene.facts:
            key = (fact.kind, fact.label if fact.kind != "text" else "", fact.text)
            before = self._known.pop(key, None)
            self._known[key] = fact if before is None else _merged(before, fact)
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


def _merged(before: Fact, now: Fact) -> Fact:
    """The newer fact, known since the older one. In one scene two facts may share a label at different places."""
    together = before.count + now.count if before.at == now.at and before.place != now.place else now.count
    return replace(now, count=together, since=min(before.since, now.since), colour=now.colour or before.colour)
