"""The metrics of one server, in one Prometheus registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from stream.runtime.events import Expressed, Notice, TurnRecorded, TurnTimed, Why
from ui.call.turn_metrics import TurnMetrics

LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)


class Spans(Protocol):
    """`ui.call.turn_spans.TurnSpans` implements it."""

    def export(self, turn: TurnRecorded, session: str, now: float) -> None: ...
    def close(self) -> None: ...


class Metrics:
    """All counters start at 0. `spans`, where there are any, get the record of every turn."""

    def __init__(self, spans: Spans | None = None) -> None:
        self.spans = spans
        registry = self.registry = CollectorRegistry()
        self.sessions = Gauge("omnilive_sessions", "Calls in progress", registry=registry)
        self.capacity = Gauge("omnilive_capacity", "Calls admitted at the same time", registry=registry)
        self.calls = Counter("omnilive_calls", "Calls requested, by outcome", ["outcome"], registry=registry)
        self.turns = TurnMetrics(registry)
        self.dropped = Counter(
            "omnilive_dropped", "Packets, frames, chunks and messages lost", ["what"], registry=registry
        )
        self.errors = Counter(
            "omnilive_errors", "Errors reported to a user, and failed calls, by code", ["code"], registry=registry
        )
        self.lag = Histogram(
            "omnilive_loop_lag_seconds",
            "Delay of a timer on the event loop",
            buckets=LAG_BUCKETS_S,
            registry=registry,
        )
        self.lag_p50 = Gauge(
            "omnilive_loop_lag_p50_seconds", "Median event-loop lag of the last minute", registry=registry
        )
        self.lag_p99 = Gauge(
            "omnilive_loop_lag_p99_seconds",
            "99th percentile of the event-loop lag of the last minute",
            registry=registry,
        )

    def count(self, event: Expressed) -> None:
        """Counts an event that is sent to a page."""
        match event:
            case TurnTimed() | Why() | TurnRecorded():
                self.turns.count(event)
            case Notice(level, code) if level != "info":
                self.errors.labels(code).inc()

    def trace(self, event: Expressed, session: str, now: float) -> None:
        """Exports the record of a turn of the session, whose clock shows `now`."""
        if self.spans is not None and isinstance(event, TurnRecorded):
            self.spans.export(event, session, now)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class Losses:
    """Adds the losses of one call to the server's counters."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._known: dict[str, int] = {}

    def update(self, totals: Mapping[str, int]) -> None:
        """Takes the `totals` of the call so far, which never decrease."""
        for what, total in totals.items():
            self._metrics.dropped.labels(what).inc(max(0, total - self._known.get(what, 0)))
            self._known[what] = total
