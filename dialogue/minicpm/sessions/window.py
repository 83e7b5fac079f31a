"""Context windows of full-duplex sessions: evict whole units, oldest first, never the system prompt.

The rolling ledger decides what leaves; both windows are as published. `SlidingWindow` drops units once the cache is
above a high mark. `WindowRecap` keeps a number of units, and the text of dropped ones as a "previous" block
in the system prompt. In both, remaining keys are rotated to their new positions, so that positions stay contiguous in a
session of any length.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.rolling_ledger import LedgerEntry, RollingLedger


@dataclass(frozen=True, slots=True)
class WindowUnit:
    """A unit in the cache: its number of tokens, and the assistant's text in it as tokens. `pictures` and `sound` are
    its numbers of picture and audio rows."""

    number: int
    tokens: int
    said: tuple[int, ...] = ()
    pictures: int = 0
    sound: int = 0


@dataclass(slots=True, eq=False)
class RecapWindow:
    """The cache of one session: a protected system prompt, then units. `system` are the rows (T, hidden) of the prompt;
    previous text is inserted before the last `suffix` rows."""

    decoder: Decoder
    cache: KVCache
    system: Tensor
    suffix: int
    protected: int = 0
    units: deque[WindowUnit] = field(default_factory=deque)
    previous: list[int] = field(default_factory=list)  # previous text in the system prompt, its heading included
    dropped: int = 0

    def __post_init__(self) -> None:
        self.decoder.forward(self.cache, self.system)
        self.protected = self.cache.length

    @property
    def next_unit(self) -> int:
        """The number of the open or next unit."""
        return self.dropped + len(self.units)

    def close_unit(self, said: tuple[int, ...], pictures: int = 0, sound: int = 0) -> None:
        """Close a unit: everything in the cache since the last unit."""
        begun = self.protected + sum(unit.tokens for unit in self.units)
        self.units.append(WindowUnit(self.next_unit, self.cache.length - begun, said, pictures, sound))

    def rewind(self, unit: int) -> None:
        """Return to the start of the unit with this number, closed or open. Units dropped since stay dropped."""
        assert unit >= self.dropped, "the mark is invalid: its unit was dropped"
        while self.next_unit > unit:
            self.units.pop()
        self.cache.rewind(self.protected + sum(held.tokens for held in self.units))

    def drop_oldest(self) -> WindowUnit:
        """Remove the oldest unit from the cache; returns it."""
        unit = self.units.popleft()
        self.cache.cut(self.protected, self.protected + unit.tokens, self.decoder.rotary)
        self.dropped += 1
        return unit

    def remember(self, previous: list[int]) -> None:
        """Replace the previous text in the system prompt with these tokens."""
        prefix = len(self.system) - self.suffix
        units = self.cache.lift(self.protected)
        self.cache.rewind(prefix)
        rows = torch.cat([self.decoder.embed(torch.tensor(previous, dtype=torch.long)), self.system[prefix:]])
        self.decoder.forward(self.cache, rows)
        moved_by = self.cache.length - self.protected
        self.previous, self.protected = previous, self.cache.length
        self.cache.land(units, moved_by, self.decoder.rotary)


class Window(Protocol):
    """Decides after every unit which units are dropped."""

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        """Drop units; returns them, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class UnboundedWindow:
    """Drops nothing: for sessions that end before the cache is full."""

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        return []


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """Above `high` tokens, drops the oldest units until at most `low` tokens remain; the last unit stays."""

    high: int = 8000
    low: int = 6000

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        entries = [LedgerEntry("system", context.protected, 0.0, 0.0, turn=0, pinned=True)]
        entries += [LedgerEntry("sound", unit.tokens, 0.0, 0.0, unit.number) for unit in context.units]
        return _drop(context, RollingLedger(max(self.high, context.cache.capacity), self.high, self.low), entries)


@dataclass(frozen=True, slots=True)
class WindowRecap:
    """Keeps at most `units` units, and the last `most` tokens of the assistant's earlier text under `heading`."""

    heading: tuple[int, ...]
    units: int = 24
    most: int = 500

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        # Counted in units: each is one.
        entries = [LedgerEntry("sound", 1, 0.0, 0.0, unit.number) for unit in context.units]
        most = max(self.units, len(entries))
        dropped = _drop(context, RollingLedger(most, self.units, self.units), entries)
        said = [token for unit in dropped for token in unit.said]
        if said:
            text = [*context.previous[len(self.heading) :], *said]
            context.remember([*self.heading, *text[max(len(text) - self.most, 0) :]])
        return dropped


def _drop(context: RecapWindow, ledger: RollingLedger, entries: list[LedgerEntry]) -> list[WindowUnit]:
    """Drops the units that leave a ledger with these entries, which are the oldest."""
    ledger.entries += entries
    return [context.drop_oldest() for _ in ledger.make_room(0).dropped]
