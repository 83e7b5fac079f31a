"""The metrics of one server, in one Prometheus registry."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from stream.runtime.events import Expressed, Notice, TurnRecorded, TurnTimed, Why

STAGE_BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
DELAY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
CHANCE_BUCKETS = tuple(tenth / 10 for tenth in range(1, 11))
LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)


class Metrics:
    """All counters start at 0."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.sessions = Gauge("omnilive_sessions", "Calls in progress", registry=registry)
        self.capacity = Gauge("omnilive_capacity", "Calls admitted at the same time", registry=registry)
        self.calls = Counter("omnilive_calls", "Calls requested, by outcome", ["outcome"], registry=registry)
        self.turns = Counter("omnilive_turns", "Turns answered", registry=registry)
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
        self.broken_by = Counter(
            "omnilive_budget_broken",
            "Turns over budget, by the stage that took longest",
            ["by"],
            registry=registry,
        )
        self.silence = Histogram(
            "omnilive_turn_silence_seconds",
            "Silence that ended a turn of the user",
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self.finished = Histogram(
            "omnilive_turn_end_probability",
            "Estimates, in a pause, that the user has finished",
            buckets=CHANCE_BUCKETS,
            registry=registry,
        )
        self.network = Histogram(
            "omnilive_network_seconds", "One way to the browser", buckets=DELAY_BUCKETS_S, registry=registry
        )
        self.jitter_buffer = Histogram(
            "omnilive_jitter_buffer_seconds",
            "Sound waits in the browser's jitter buffer",
            buckets=DELAY_BUCKETS_S,
            registry=registry,
        )
        self.outcomes = Counter("omnilive_turn_outcomes", "Turns that are over", ["outcome"], registry=registry)
        self.reasons = Counter(
            "omnilive_reasons", "Why the assistant waited, answered, stopped or was late", ["kind"], registry=registry
        )
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
            case TurnTimed(_, marks, _, over):
                self.turns.inc()
                for stage, seconds in marks.items():
                    self.stages.labels(stage).observe(seconds)
                for stage in over:
                    self.over_budget.labels(stage).inc()
            case Why(_, kind):
                self.reasons.labels(kind).inc()
            case TurnRecorded():
                self._record(event)
            case Notice(level, code) if level != "info":
                self.errors.labels(code).inc()

    def _record(self, turn: TurnRecorded) -> None:
        self.outcomes.labels(turn.outcome).inc()
        for _, probability in turn.pauses:
            self.finished.observe(probability)
        for histogram, value in (
            (self.silence, turn.silence_s),
            (self.network, turn.network_s),
            (self.jitter_buffer, turn.jitter_buffer_s),
        ):
            if value is not None:
                histogram.observe(value)
        if turn.broken_by:
            self.broken_by.labels(turn.broken_by).inc()

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
