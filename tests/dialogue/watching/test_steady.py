"""A value that single frames cannot change."""

from __future__ import annotations

from dialogue.watching.steady import Steady


def test_a_value_counts_once_it_has_lasted() -> None:
    steady = Steady[int](lasting_s=0.2)
    assert [steady.see(1, at) for at in (0.0, 0.1, 0.2, 0.3)] == [False, False, True, False]
    assert (steady.value, steady.since) == (1, 0.0)


def test_single_frames_change_nothing() -> None:
    steady = Steady[int](lasting_s=0.2)
    steady.value = 1
    changed = [steady.see(value, 0.25 * number) for number, value in enumerate((1, 0, 1, 2, 0, 1, 0))]
    assert not any(changed) and steady.value == 1


def test_what_began_before_a_gap_does_not_count() -> None:
    steady = Steady[int](lasting_s=0.2)
    steady.see(1, 0.0)
    steady.forget_new()
    assert not steady.see(1, 5.0) and steady.see(1, 5.25)
