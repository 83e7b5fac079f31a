"""A token bucket gives its burst at once, its rate on average, and nothing on credit but what is already spent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ui.host.allowance import Allowance, ClientAllowances


def test_a_burst_then_the_rate() -> None:
    allowance = Allowance(10.0, 5.0)
    assert [allowance.take(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert [allowance.take(0.1), allowance.take(0.1)] == [True, False]
    assert sum(allowance.take(100.0) for _ in range(50)) == 5, "pauses are saved up to one burst"


def test_it_says_how_long_to_wait() -> None:
    allowance = Allowance(2.0, 1.0)
    assert allowance.wait_s(0.0) == 0.0
    allowance.take(0.0)
    assert allowance.wait_s(0.0) == 0.5
    assert allowance.take(0.5)


def test_what_is_spent_may_become_a_debt_of_one_burst() -> None:
    allowance = Allowance(1.0, 2.0)
    allowance.spend(0.0, 100.0)
    assert allowance.share_left(0.0) == -1.0
    assert allowance.share_left(2.0) == 0.0
    assert allowance.share_left(4.0) == 1.0


@given(st.lists(st.floats(0, 2), max_size=200), st.floats(0.5, 50), st.floats(1, 50))
def test_no_more_passes_than_burst_and_rate(pauses: list[float], per_s: float, burst: float) -> None:
    allowance, now, passed = Allowance(per_s, burst), 0.0, 0
    for pause in pauses:
        now += pause
        passed += allowance.take(now)
    assert passed <= burst + per_s * now + 1e-6


def test_clients_do_not_share_and_the_longest_unseen_is_forgotten() -> None:
    clients = ClientAllowances(1.0, 1.0, most=2)
    assert clients.of("a").take(0.0) and not clients.of("a").take(0.0)
    assert clients.of("b").take(0.0)
    clients.of("a")
    clients.of("c")
    assert not clients.of("a").take(0.0)
    assert clients.of("b").take(0.0), "b was forgotten"
