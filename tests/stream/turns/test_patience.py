"""How long a silence must last: between its bounds by the probability, and by what the call has taught."""

from __future__ import annotations

import pytest

from stream.turns.patience import LONGEST_S, SHORTEST_S, Patience


def test_the_wait_falls_with_the_probability_between_its_bounds() -> None:
    waits = [Patience().wait_s(probability / 100) for probability in range(101)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] == LONGEST_S and waits[-1] == SHORTEST_S
    assert any(SHORTEST_S < wait < LONGEST_S for wait in waits)


def test_where_nothing_is_known_silence_alone_counts() -> None:
    assert Patience(silence_s=0.5).wait_s(None) == 0.5


@pytest.mark.parametrize(("pause_s", "longer"), [(1.4, True), (0.2, False)])
def test_the_length_of_the_users_pauses_is_learned(pause_s: float, longer: bool) -> None:
    patience = Patience(pause_s=0.25, threshold=2.0, typical_pause_s=0.7)
    before = patience.wait_s(0.5)
    for _ in range(8):
        patience.went_on(pause_s)
    assert (patience.wait_s(0.5) > before) == longer
    assert patience.wait_s(0.5) != before


def test_a_silence_of_many_seconds_is_no_pause() -> None:
    patience = Patience()
    before = patience.wait_s(0.3)
    patience.went_on(20.0)
    assert patience.wait_s(0.3) == before


def test_an_answer_that_came_too_early_makes_the_next_ones_wait_and_late_ones_make_them_sooner() -> None:
    patience = Patience()
    waits = [patience.wait_s(0.6)]
    patience.came_too_early()
    waits.append(patience.wait_s(0.6))
    for _ in range(3):
        patience.was_heard(waited_s=1.2)
    waits.append(patience.wait_s(0.6))
    patience.was_heard(waited_s=0.2)
    assert waits[0] < waits[2] < waits[1]
    assert patience.wait_s(0.6) == waits[2], "a prompt answer teaches nothing"


def test_a_client_may_fix_the_silence_or_its_eagerness() -> None:
    assert {Patience(fixed_s=0.9).wait_s(probability) for probability in (None, 0.01, 0.99)} == {0.9}
    low, medium, high = (Patience(eagerness=each).wait_s(0.3) for each in ("low", "medium", "high"))
    assert high < medium < low
    assert Patience(eagerness="low").wait_s(0.0) > LONGEST_S > Patience(eagerness="high").wait_s(0.0)
