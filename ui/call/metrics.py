"""What a server counts, in Prometheus' words. One registry a server; knows events, not where they come from."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from stream.runtime.events import Expressed, Notice, TurnTimed

STAGE_BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)


class Metrics:
    """All counters start at nothing."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.sessions = Gauge("omnilive_sessions", "Calls under way", registry=registry)
        self.capacity = Gauge("omnilive_capacity", "Calls that are let in at once", registry=registry)
        self.calls = Counter("omnilive_calls", "Calls asked for, by what became of it", ["outcome"], registry=registry)
        self.turns = Counter("omnilive_turns", "Turns that were answered", registry=registry)
        self.over_budget = Counter(
            "omnilive_over_budget", "Turns over the budget of a stage", ["stage"], registry=registry
        )
        self.stages = Histogram(
            "omnilive_stage_seconds",
            "From the user's last speech sample to each stage of the answer",
            ["stage"],
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self.dropped = Counter(
            "omnilive_dropped", "Packets, frames, chunks and messages lost", ["what"], registry=registry
        )
        self.errors = Counter(
            "omnilive_errors", "Errors told to a user, and broken calls, by code", ["code"], registry=registry
        )
        self.lag = Histogram(
            "omnilive_loop_lag_seconds",
            "How much later than asked the event loop ran something",
            buckets=LAG_BUCKETS_S,
            registry=registry,
        )
        self.lag_p50 = Gauge(
            "omnilive_loop_lag_p50_seconds", "Median event-loop lag of the last minute", registry=registry
        )
        self.lag_p99 = Gauge("omnilive_loop_lag_p99_seconds", "99th percentile of the same", registry=registry)

    def told(self, event: Expressed) -> None:
        """An event on its way to a page."""
        match event:
            case TurnTimed(_, marks, _, over):
                self.turns.inc()
                for stage, seconds in marks.items():
                    self.stages.labels(stage).observe(seconds)
                for stage in over:
                    self.over_budget.labels(stage).inc()
            case Notice(level, code) if level != "info":
                self.errors.labels(code).inc()

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


class Losses:
    """Adds what one call has lost since it was last asked to the server's counters."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._known: dict[str, int] = {}

    def now_are(self, totals: Mapping[str, int]) -> None:
        """`totals` of this call so far; they never shrink."""
        for what, total in totals.items():
            self._metrics.dropped.labels(what).inc(max(0, total - self._known.get(what, 0)))
            self._known[what] = total
