"""Eviction from a full context: the order, and what is never evicted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import Kind, LedgerEntry, RollingLedger


def entry(kind: Kind, tokens: int, turn: int, *, pinned: bool = False, priority: int = 0) -> LedgerEntry:
    return LedgerEntry(kind, tokens, start=float(turn), end=turn + 1.0, turn=turn, pinned=pinned, priority=priority)


def conversation(limit: int = 100, low: int = 60) -> RollingLedger:
    ledger = RollingLedger(limit, low=low)
    ledger.add(entry("system", 10, 0, pinned=True))
    for turn in (1, 2, 3):
        ledger.add(entry("sound", 5, turn))
        ledger.add(entry("picture", 10, turn))
        ledger.add(entry("text", 5, turn))
        ledger.add(entry("reply", 5, turn))
    return ledger  # 85 tokens, turn 3 is open


def kinds(entries: tuple[LedgerEntry, ...]) -> list[tuple[str, int]]:
    return [(e.kind, e.turn) for e in entries]


def test_nothing_is_evicted_while_there_is_room() -> None:
    ledger = conversation()
    assert ledger.make_room(15).dropped == ()
    assert ledger.tokens == 85


def test_pictures_are_evicted_before_sound_and_sound_before_whole_turns() -> None:
    assert kinds(conversation(low=81).make_room(16).dropped) == [("picture", 1), ("picture", 2)]
    assert kinds(conversation(low=76).make_room(16).dropped) == [("sound", 1), ("picture", 1), ("picture", 2)]
    everything_old = conversation(low=40).make_room(16)
    assert kinds(everything_old.dropped) == [
        (kind, turn) for turn in (1, 2) for kind in ("sound", "picture", "text", "reply")
    ]


def test_the_meter_shows_every_entry_and_the_evictions_by_kind() -> None:
    ledger = conversation(low=40)
    ledger.make_room(16)
    use = ledger.use()
    assert use.blocks == (("system", 10), ("sound", 5), ("picture", 10), ("text", 5), ("reply", 5))
    assert dict(use.blocks) == use.tokens == ledger.by_kind()
    assert use.dropped == {"sound": 2, "picture": 2, "text": 2, "reply": 2}
    assert (use.dropped_blocks, use.limit) == (8, 100)


def test_evictions_are_rare() -> None:
    """Hysteresis: after an eviction much fits before the next one."""
    ledger, evictions = RollingLedger(1000), 0
    for turn in range(1, 200):
        evictions += bool(ledger.make_room(20, turn).dropped)
        ledger.add(entry("text", 20, turn))
    assert 10 <= evictions <= 13, "every dozen turns, not every turn"


def test_cuts_are_valid_in_order_and_adjacent_cuts_are_merged() -> None:
    ledger = conversation(low=76)
    assert ledger.make_room(16).cuts == ((40, 50), (10, 25))


def test_a_turn_is_evicted_as_a_whole() -> None:
    ledger = RollingLedger(100, low=99)
    turns: tuple[tuple[int, Kind], ...] = ((1, "text"), (1, "reply"), (2, "text"), (2, "reply"), (3, "text"))
    for turn, kind in turns:
        ledger.add(entry(kind, 20, turn))
    assert kinds(ledger.make_room(1).dropped) == [("text", 1), ("reply", 1)]


def test_higher_priority_is_evicted_later() -> None:
    ledger = RollingLedger(100, low=99)
    ledger.add(entry("text", 30, 1, priority=1))
    ledger.add(entry("text", 30, 2))
    ledger.add(entry("text", 40, 3))
    assert kinds(ledger.make_room(1).dropped) == [("text", 2)]


def test_a_new_turn_closes_the_one_before_it() -> None:
    ledger = RollingLedger(100, low=50)
    ledger.add(entry("text", 90, 1))
    with pytest.raises(BadInput):
        ledger.make_room(20)
    assert ledger.tokens == 90
    assert kinds(ledger.make_room(20, turn=2).dropped) == [("text", 1)]


def test_rewind_shortens_the_entry_at_the_boundary() -> None:
    ledger = conversation()
    ledger.rewind(77)
    assert (ledger.entries[-1].kind, ledger.entries[-1].tokens, ledger.tokens) == ("text", 2, 77)


def test_extend_adds_to_the_last_entry() -> None:
    ledger = conversation()
    ledger.extend(3, end=9.0)
    assert (ledger.entries[-1].tokens, ledger.entries[-1].end, ledger.by_kind()["reply"]) == (8, 9.0, 18)


entries = st.builds(
    entry,
    kind=st.sampled_from(["picture", "sound", "text", "reply"]),
    tokens=st.integers(1, 30),
    turn=st.integers(1, 12),
    pinned=st.booleans(),
    priority=st.integers(0, 2),
)


@given(st.lists(entries, max_size=60), st.integers(20, 100))
def test_the_invariants_hold_for_any_arrivals(arrivals: list[LedgerEntry], low: int) -> None:
    ledger = RollingLedger(100, high=100, low=low)
    mirror: list[int] = []  # one number per token, cut as a cache would be
    for serial, new in enumerate(sorted(arrivals, key=lambda e: e.turn)):
        before, dropped_before = list(ledger.entries), ledger.dropped_tokens
        try:
            eviction = ledger.make_room(new.tokens, new.turn)
        except BadInput:
            assert ledger.entries == before
            continue
        for start, end in eviction.cuts:
            del mirror[start:end]
        if eviction.dropped:
            assert sum(e.tokens for e in before) + new.tokens > ledger.high
        assert not any(e.pinned or e.turn >= new.turn for e in eviction.dropped)
        assert ledger.dropped_tokens - dropped_before == sum(e.tokens for e in eviction.dropped)
        words_left = {e.turn for e in eviction.dropped if e.kind in ("text", "reply")}
        assert not any(e.turn in words_left and e.kind in ("text", "reply") and not e.pinned for e in ledger.entries)
        ledger.add(new)
        mirror += [serial] * new.tokens
        assert ledger.tokens == len(mirror) <= ledger.limit
        runs = [mirror.count(s) for s in dict.fromkeys(mirror)]
        assert runs == [e.tokens for e in ledger.entries]
