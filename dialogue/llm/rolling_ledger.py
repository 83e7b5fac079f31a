"""What stands where in a rolling context, and what leaves it when it is full: arithmetic, no tensors.

The ledger mirrors a `KVCache` token for token. It decides; the caller applies the cuts to the cache and writes the
dropped entries into the event log. Pictures go first, then sound, then whole turns, oldest first; never half an
entry, never a pinned one, never the open turn. The lower water mark makes eviction rare: after one, many tokens fit
before the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from dialogue.engine import ContextUse
from dialogue.errors import BadInput

Kind = Literal["system", "recap", "picture", "sound", "text", "reply"]

# Kinds that leave one by one, cheapest to lose first. All others are words and leave as whole turns.
_LOOSE: dict[Kind, int] = {"picture": 0, "sound": 1}


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One block's place in the context: `tokens` of it, said or seen from `start` to `end`, in turn `turn`.

    A higher `priority` leaves later than others of its class; `pinned` never leaves. `note` is what the event log
    should say once it has left.
    """

    kind: Kind
    tokens: int
    start: float
    end: float
    turn: int
    pinned: bool = False
    priority: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Eviction:
    """What leaves: row spans to cut from the cache, last span first so that each is valid when its turn comes."""

    cuts: tuple[tuple[int, int], ...] = ()
    dropped: tuple[LedgerEntry, ...] = ()


class RollingLedger:
    """The entries of one session in order, filling at most `limit` tokens.

    When an addition would pass `high`, entries leave until at most `low` tokens are taken with it (or nothing is
    left to drop). The turn with the highest number is the open one.
    """

    def __init__(self, limit: int, high: int | None = None, low: int | None = None) -> None:
        self.limit = limit
        self.high = limit if high is None else high
        self.low = self.high * 3 // 4 if low is None else low
        assert 0 < self.low <= self.high <= self.limit, "water marks must satisfy 0 < low <= high <= limit"
        self.entries: list[LedgerEntry] = []
        self.dropped_tokens = 0
        self.dropped: Counter[str] = Counter()  # entries of each kind

    @property
    def tokens(self) -> int:
        """Tokens in the context now; equals the cache's length."""
        return sum(entry.tokens for entry in self.entries)

    @property
    def open_turn(self) -> int:
        return max((entry.turn for entry in self.entries), default=0)

    def by_kind(self) -> dict[str, int]:
        """Tokens of each kind present, for the page's meter."""
        totals: dict[str, int] = {}
        for entry in self.entries:
            totals[entry.kind] = totals.get(entry.kind, 0) + entry.tokens
        return totals

    @property
    def dropped_entries(self) -> int:
        return self.dropped.total()

    def use(self) -> ContextUse:
        """For the page's meter."""
        blocks = tuple((entry.kind, entry.tokens) for entry in self.entries)
        return ContextUse(self.by_kind(), self.limit, self.dropped_entries, blocks, dict(self.dropped))

    def make_room(self, tokens: int, turn: int | None = None) -> Eviction:
        """Drop what must leave before `tokens` more arrive for `turn` (default: the open one).

        Raises BadInput, and changes nothing, if what may not leave and the new tokens exceed the limit together.
        """
        present = self.tokens
        if present + tokens <= self.high:
            return Eviction()
        turn = max(self.open_turn, turn or 0)
        leaving: set[int] = set()
        for group in self._candidates(turn):
            if present + tokens <= self.low:
                break
            leaving |= group
            present -= sum(self.entries[index].tokens for index in group)
        if present + tokens > self.limit:
            raise BadInput(
                f"This turn needs {present + tokens} tokens and the context holds {self.limit}; "
                "say less at once or choose a larger context."
            )
        return self._drop(leaving)

    def add(self, entry: LedgerEntry) -> None:
        """An entry's tokens have been appended to the cache. `make_room` comes first."""
        assert self.tokens + entry.tokens <= self.limit, "call make_room first"
        self.entries.append(entry)

    def extend(self, tokens: int, end: float) -> None:
        """The last entry has grown by `tokens` (a reply, token by token)."""
        last = self.entries[-1]
        assert self.tokens + tokens <= self.limit, "call make_room first"
        self.entries[-1] = replace(last, tokens=last.tokens + tokens, end=end)

    def annotate(self, note: str, start: float, end: float) -> None:
        """What the last entry was, and when, is known by now."""
        self.entries[-1] = replace(self.entries[-1], note=note, start=start, end=end)

    def put_recap(self, tokens: int, at: int) -> tuple[int, int]:
        """A recap of so many tokens stands behind the first `at` from now on, and the one that stood there does not:
        its span, to be cut from the cache."""
        old = sum(entry.tokens for entry in self.entries if entry.kind == "recap")
        self.entries = [entry for entry in self.entries if entry.kind != "recap"]
        place, begun = 0, 0
        while begun + self.entries[place].tokens <= at:
            begun += self.entries[place].tokens
            place += 1
        entry = self.entries[place]
        recap = LedgerEntry("recap", tokens, 0.0, 0.0, entry.turn, pinned=True)
        parts = replace(entry, tokens=at - begun), recap, replace(entry, tokens=entry.tokens - (at - begun))
        self.entries[place : place + 1] = [part for part in parts if part.tokens]
        return at, at + old

    def rewind(self, length: int) -> None:
        """Keep the first `length` tokens; an entry that straddles the place is shortened, empty ones vanish."""
        assert 0 <= length <= self.tokens, f"cannot rewind to {length}, the context holds {self.tokens} tokens"
        surplus = self.tokens - length
        while surplus:
            last = self.entries.pop()
            if last.tokens > surplus:
                self.entries.append(replace(last, tokens=last.tokens - surplus))
            surplus -= min(surplus, last.tokens)

    def _candidates(self, open_turn: int) -> Iterable[set[int]]:
        """Groups of entries (by index) that may leave together, in the order in which they leave."""
        free = [i for i, entry in enumerate(self.entries) if not entry.pinned and entry.turn < open_turn]
        loose = [i for i in free if self.entries[i].kind in _LOOSE]
        loose.sort(key=lambda i: (_LOOSE[self.entries[i].kind], self.entries[i].priority, i))
        yield from ({i} for i in loose)
        turns: dict[int, set[int]] = {}
        for i in free:
            if self.entries[i].kind not in _LOOSE:
                turns.setdefault(self.entries[i].turn, set()).add(i)
        yield from sorted(turns.values(), key=lambda turn: (max(self.entries[i].priority for i in turn), min(turn)))

    def _drop(self, leaving: set[int]) -> Eviction:
        ends = list(accumulate(entry.tokens for entry in self.entries))
        cuts: list[tuple[int, int]] = []
        for index in sorted(leaving):
            start, end = ends[index] - self.entries[index].tokens, ends[index]
            if cuts and cuts[-1][1] == start:
                start = cuts.pop()[0]
            cuts.append((start, end))
        dropped = tuple(self.entries[index] for index in sorted(leaving))
        self.entries = [entry for index, entry in enumerate(self.entries) if index not in leaving]
        self.dropped_tokens += sum(entry.tokens for entry in dropped)
        self.dropped.update(entry.kind for entry in dropped)
        return Eviction(tuple(reversed(cuts)), dropped)
