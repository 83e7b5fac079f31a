"""How many replicas a cluster needs, by its free places. Pure: times are parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ui.cluster.replica_table import ReplicaLoad

IDLE_S = 60.0  # for so long there are more free places than needed, before a replica is drained

Step = Literal["add", "drain"] | None


@dataclass
class Autoscaling:
    """Between `fewest` and `most` replicas, with `spare` free places at all times where that is possible."""

    fewest: int
    most: int
    spare: int
    _too_many_since: float | None = field(default=None, init=False)

    def step(self, replicas: Iterable[ReplicaLoad], starting: int, waiting: int, now: float) -> Step:
        """What to do now. `starting` replicas are not ready yet, `waiting` callers are in the queue."""
        serving = [replica for replica in replicas if not replica.draining]
        count = len(serving) + starting
        free = sum(replica.free for replica in serving)
        if count < self.fewest:
            return "add"
        if free < self.spare + waiting and not starting:  # one at a time: their places are not known before
            self._too_many_since = None
            return "add" if count < self.most else None
        largest = max((replica.capacity for replica in serving), default=0)
        if starting or count <= self.fewest or free - largest < self.spare:
            self._too_many_since = None
            return None
        if self._too_many_since is None:
            self._too_many_since = now
        if now - self._too_many_since < IDLE_S:
            return None
        self._too_many_since = None
        return "drain"

    @staticmethod
    def emptiest(replicas: Iterable[ReplicaLoad]) -> ReplicaLoad:
        """The one to drain."""
        return min((each for each in replicas if not each.draining), key=lambda each: each.taken + each.placed)
