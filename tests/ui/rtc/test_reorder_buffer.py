"""Packets are released in order, each once, as early as possible."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ui.rtc.reorder_buffer import PATIENCE, CounterUnwrapper, ReorderBuffer


def released(sequences: list[int], patience: int = PATIENCE) -> list[list[int]]:
    order: ReorderBuffer[int] = ReorderBuffer(patience)
    return [order.add(sequence % 65536, sequence) for sequence in sequences]


def test_a_packet_in_order_is_released_at_once() -> None:
    assert released([7, 8, 9]) == [[7], [8], [9]]


def test_two_swapped_packets_come_out_in_order() -> None:
    assert released([1, 3, 2, 4]) == [[1], [], [2, 3], [4]]


def test_a_lost_packet_is_given_up_after_three_later_ones() -> None:
    order: ReorderBuffer[int] = ReorderBuffer()
    assert [order.add(n, n) for n in (1, 3, 4, 5, 6)] == [[1], [], [], [3, 4, 5], [6]]
    assert (order.lost, order.late) == (1, 0)


def test_late_and_duplicate_packets_are_dropped() -> None:
    order: ReorderBuffer[int] = ReorderBuffer()
    assert [order.add(n, n) for n in (1, 3, 4, 5, 2, 5, 6)] == [[1], [], [], [3, 4, 5], [], [], [6]]
    assert (order.lost, order.late) == (1, 2)


def test_a_duplicate_of_a_waiting_packet_is_dropped() -> None:
    assert released([1, 3, 3, 3, 2]) == [[1], [], [], [], [2, 3]]


def test_two_gaps_are_given_up_one_after_the_other() -> None:
    assert released([1, 3, 5, 6, 7, 8]) == [[1], [], [], [3], [5, 6, 7], [8]]


def test_sequence_numbers_wrap() -> None:
    assert released([65534, 65536, 65535, 65537, 65539, 65540, 65541]) == [
        [65534],
        [],
        [65535, 65536],
        [65537],
        [],
        [],
        [65539, 65540, 65541],
    ]


def test_a_restarted_sender_is_followed_at_once_in_both_directions() -> None:
    order: ReorderBuffer[int] = ReorderBuffer()
    assert [order.add(n, n) for n in (100, 102, 30000, 30001, 50, 51)] == [[100], [], [102, 30000], [30001], [50], [51]]


@given(st.integers(0, 65535), st.lists(st.integers(0, PATIENCE - 1), min_size=1, max_size=60))
def test_every_displacement_below_the_patience_is_corrected(first: int, delays: list[int]) -> None:
    sent = list(range(first, first + len(delays)))
    # A packet can be overtaken by as many as it is delayed; the first one sets the start.
    arrived = sorted(sent, key=lambda n: (n + (delays[n - first] if n > first else 0), n))
    out = [n for step in released(arrived) for n in step]
    assert out == sent


@given(st.integers(0, 65535), st.lists(st.booleans(), min_size=1, max_size=80), st.randoms())
def test_nothing_comes_twice_or_out_of_order(first: int, lost: list[bool], chance: Random) -> None:
    sent = [first + n for n, gone in enumerate(lost) if not gone]
    arrived = [n for n in sent for _ in range(chance.choice([1, 1, 1, 2]))]
    out = [n for step in released(arrived) for n in step]
    assert out == sorted(set(out))
    assert set(sent[:-PATIENCE]) <= set(out)


def test_counters_unwrap_to_the_nearest() -> None:
    unwrap = CounterUnwrapper(16)
    assert [unwrap(n) for n in (65000, 65535, 3, 65534, 40000, 5)] == [65000, 65535, 65539, 65534, 40000, 65541]
