"""How much later than asked the event loop runs things, measured all the time.

A timer is set every TICK_S; what it is late by is what a packet, or our voice, would have had to wait.
"""

from __future__ import annotations

import asyncio
from collections import deque

from stream.runtime.budget import percentile
from ui.call.metrics import Metrics

TICK_S = 0.02
KEPT = 3000  # ticks: one minute
SHOWN_EVERY = 50  # ticks


class LoopLag:
    """The last minute's lags, and a task that keeps them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lags: deque[float] = deque(maxlen=KEPT)

    def percentile(self, share: float) -> float:
        """Seconds; 0 while nothing was measured."""
        return percentile(self._lags, share) if self._lags else 0.0

    async def measure(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        ticks = 0
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            lag = max(0.0, loop.time() - due)
            self._lags.append(lag)
            self._metrics.lag.observe(lag)
            ticks += 1
            if ticks % SHOWN_EVERY == 0:
                self._metrics.lag_p50.set(self.percentile(0.50))
                self._metrics.lag_p99.set(self.percentile(0.99))
