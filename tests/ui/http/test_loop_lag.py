"""The measured lag of an event loop is the time that it was blocked."""

from __future__ import annotations

import asyncio

import pytest

from tests.virtual_time import block, run_in_virtual_time
from ui.call.metrics import Metrics
from ui.http.loop_lag import TICK_S, LoopLag


def lag_of(blocked_s: float, every: int, ticks: int = 500) -> tuple[LoopLag, Metrics]:
    """The lag of a loop that is blocked for `blocked_s` at every n-th tick."""

    async def run() -> tuple[LoopLag, Metrics]:
        metrics = Metrics()
        lag = LoopLag(metrics)
        measuring = asyncio.create_task(lag.measure())
        await asyncio.sleep(TICK_S / 2)
        for tick in range(ticks):
            if tick % every == 0:
                block(blocked_s)
            await asyncio.sleep(TICK_S)
        measuring.cancel()
        return lag, metrics

    return run_in_virtual_time(run())


def test_an_idle_loop_has_no_lag() -> None:
    lag, _ = lag_of(0.0, every=1)
    assert lag.percentile(0.99) == pytest.approx(0.0, abs=1e-6)


def test_rare_blocking_shows_only_in_the_tail() -> None:
    lag, metrics = lag_of(0.1, every=20)
    assert lag.percentile(0.5) == pytest.approx(0.0, abs=1e-6)
    assert lag.percentile(0.99) == pytest.approx(0.09, abs=0.011)
    shown = metrics.registry.get_sample_value("omnilive_loop_lag_p99_seconds")
    assert shown == pytest.approx(0.09, abs=0.011)
    short = metrics.registry.get_sample_value("omnilive_loop_lag_seconds_bucket", {"le": "0.05"})
    assert short is not None and short > 400


def test_without_measurements_the_lag_is_zero() -> None:
    assert LoopLag(Metrics()).percentile(0.99) == 0.0
