"""A crashed server is started at once, then later and later, and not without end."""

from __future__ import annotations

from ui.host.restart_policy import MOST_RESTARTS, WITHIN_S, RestartPolicy, ended_on_purpose, ending


def test_the_first_restart_is_at_once_and_later_ones_wait_longer() -> None:
    policy, now, waits = RestartPolicy(), 0.0, list[float | None]()
    for _ in range(MOST_RESTARTS + 1):
        waits.append(policy.wait_s(now, lived_s=5.0))
        now += 5.0 + (waits[-1] or 0.0)
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, None]


def test_a_server_that_ran_for_long_is_started_at_once() -> None:
    policy = RestartPolicy()
    assert [policy.wait_s(now, lived_s=200.0) for now in (200.0, 400.0, 600.0)] == [0.0, 0.0, 0.0]


def test_restarts_of_long_ago_do_not_count() -> None:
    policy = RestartPolicy()
    for n in range(20 * MOST_RESTARTS):
        assert policy.wait_s(n * WITHIN_S / 4, lived_s=WITHIN_S / 4) is not None


def test_a_failure_differs_from_an_end_on_purpose() -> None:
    assert [ended_on_purpose(code) for code in (0, 2, 130, 1, 71, 75, -9, -11)] == [True] * 3 + [False] * 5
    assert ending(-11) == "by SIGSEGV"
    assert ending(-9) == "by SIGKILL"
    assert ending(75) == "with exit code 75"
