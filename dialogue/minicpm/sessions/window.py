"""What leaves a full-duplex session when it has gone on for long: whole units, oldest first, never the beginning.

Two ways as published. `SlidingWindow` drops units once the cache has passed a high mark. `RecapWindow` holds a number
of units and keeps what the assistant said in the dropped ones as a "previous" block inside the system prompt. In both,
what stays is turned to its new positions, so that positions remain contiguous however long the session is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache


@dataclass(frozen=True, slots=True)
class WindowUnit:
    """A unit in the cache: how many tokens it takes, and the text the assistant said in it, as tokens. `pictures` and
    `sound` of them are rows of that kind."""

    number: int
    tokens: int
    said: tuple[int, ...] = ()
    pictures: int = 0
    sound: int = 0


@dataclass(slots=True, eq=False)
class RecapWindow:
    """The cache of one session: a protected beginning, then units. `system` are the beginning's rows (T, hidden),
    the last `suffix` of them those behind which no previous text is put."""

    decoder: Decoder
    cache: KVCache
    system: Tensor
    suffix: int
    protected: int = 0
    units: deque[WindowUnit] = field(default_factory=deque)
    previous: list[int] = field(default_factory=list)  # of the system prompt, its heading included
    dropped: int = 0

    def __post_init__(self) -> None:
        self.decoder.forward(self.cache, self.system)
        self.protected = self.cache.length

    @property
    def next_unit(self) -> int:
        """The number of the unit that is heard now, or next."""
        return self.dropped + len(self.units)

    def close_unit(self, said: tuple[int, ...], pictures: int = 0, sound: int = 0) -> None:
        """Everything since the last unit was one unit."""
        begun = self.protected + sum(unit.tokens for unit in self.units)
        self.units.append(WindowUnit(self.next_unit, self.cache.length - begun, said, pictures, sound))

    def rewind(self, unit: int) -> None:
        """To the beginning of the unit of that number, whether it is closed or not. What has been dropped since
        stays dropped."""
        assert unit >= self.dropped, "what the mark stood on has left the context"
        while self.next_unit > unit:
            self.units.pop()
        self.cache.rewind(self.protected + sum(held.tokens for held in self.units))

    def drop_oldest(self) -> WindowUnit:
        unit = self.units.popleft()
        self.cache.cut(self.protected, self.protected + unit.tokens, self.decoder.rotary)
        self.dropped += 1
        return unit

    def remember(self, previous: list[int]) -> None:
        """Put these tokens into the system prompt, in place of the ones that are there."""
        prefix = len(self.system) - self.suffix
        units = self.cache.lift(self.protected)
        self.cache.rewind(prefix)
        rows = torch.cat([self.decoder.embed(torch.tensor(previous, dtype=torch.long)), self.system[prefix:]])
        self.decoder.forward(self.cache, rows)
        moved_by = self.cache.length - self.protected
        self.previous, self.protected = previous, self.cache.length
        self.cache.land(units, moved_by, self.decoder.rotary)


class Window(Protocol):
    """Decides what leaves, after every unit."""

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        """Drop what has to go; returns it, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class UnboundedWindow:
    """Nothing leaves: for sessions that end before the cache is full."""

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        return []


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """Once more than `high` tokens are held, the oldest units go until at most `low` are; the last unit stays."""

    high: int = 8000
    low: int = 6000

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        gone: list[WindowUnit] = []
        if context.cache.length > self.high:
            while context.cache.length > self.low and len(context.units) > 1:
                gone.append(context.drop_oldest())
        return gone


@dataclass(frozen=True, slots=True)
class WindowRecap:
    """At most `units` units; of what the assistant said before, the last `most` tokens stay under `heading`."""

    heading: tuple[int, ...]
    units: int = 24
    most: int = 500

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        gone: list[WindowUnit] = []
        while len(context.units) > self.units:
            gone.append(context.drop_oldest())
        said = [token for unit in gone for token in unit.said]
        if said:
            text = [*context.previous[len(self.heading) :], *said]
            context.remember([*self.heading, *text[max(len(text) - self.most, 0) :]])
        return gone
