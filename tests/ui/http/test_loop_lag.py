"""The lag of an event loop is what it was blocked for."""

from __future__ import annotations

import asyncio

import pytest

from tests.virtual_time import run_in_virtual_time
from ui.call.metrics import Metrics
from ui.http.loop_lag import TICK_S, LoopLag


def lag_of(blocked_s: float, every: int, ticks: int = 500) -> tuple[LoopLag, Metrics]:
    """Measured on a loop that stands still for `blocked_s` in every so-manieth tick."""

    async def run() -> tuple[LoopLag, Metrics]:
        loop, metrics = asyncio.get_running_loop(), Metrics()
        lag = LoopLag(metrics)
        measuring = asyncio.create_task(lag.measure())
        await asyncio.sleep(TICK_S / 2)
        for tick in range(ticks):
            if tick % every == 0:
                loop._jump.now += blocked_s  # type: ignore[attr-defined]
            await asyncio.sleep(TICK_S)
        measuring.cancel()
        return lag, metrics

    return run_in_virtual_time(run())


def test_a_free_loop_has_none() -> None:
    lag, _ = lag_of(0.0, every=1)
    assert lag.percentile(0.99) == pytest.approx(0.0, abs=1e-6)


def test_a_loop_that_is_blocked_now_and_then_shows_in_the_tail_only() -> None:
    lag, metrics = lag_of(0.1, every=20)
    assert lag.percentile(0.5) == pytest.approx(0.0, abs=1e-6)
    assert lag.percentile(0.99) == pytest.approx(0.09, abs=0.011)
    shown = metrics.registry.get_sample_value("omnilive_loop_lag_p99_seconds")
    assert shown == pytest.approx(0.09, abs=0.011)
    assert metrics.registry.get_sample_value("omnilive_loop_lag_seconds_bucket", {"le": "0.05"}) > 400


def test_nothing_measured_is_no_lag() -> None:
    assert LoopLag(Metrics()).percentile(0.99) == 0.0
