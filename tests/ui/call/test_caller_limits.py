"""A client may ask for a number of calls in a time; loopback is exempt."""

from __future__ import annotations

import pytest

from ui.call.caller_limits import MOST_UNCONNECTED, OFFERS_AT_ONCE, OFFERS_PER_S, CallerLimits, TooFast


def test_offers_of_one_client_have_a_rate() -> None:
    limits = CallerLimits()
    for _ in range(int(OFFERS_AT_ONCE)):
        limits.offer("10.0.0.1", 0, 0.0)
    with pytest.raises(TooFast) as refused:
        limits.offer("10.0.0.1", 0, 0.0)
    assert refused.value.retry_s == pytest.approx(1 / OFFERS_PER_S)
    limits.offer("10.0.0.2", 0, 0.0)
    limits.offer("10.0.0.1", 0, 1 / OFFERS_PER_S)


def test_a_client_may_have_few_calls_that_are_not_connected() -> None:
    limits = CallerLimits()
    limits.offer("10.0.0.1", MOST_UNCONNECTED - 1, 0.0)
    with pytest.raises(TooFast, match="not connected"):
        limits.offer("10.0.0.1", MOST_UNCONNECTED, 0.0)


def test_loopback_is_exempt() -> None:
    limits = CallerLimits()
    for _ in range(1000):
        limits.offer(None, 1000, 0.0)
