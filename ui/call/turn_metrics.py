"""The metrics of turns: latency by stage, estimates, delays, outcomes and reasons."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from stream.runtime.events import TurnRecorded, TurnTimed, Why

STAGE_BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
DELAY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
CHANCE_BUCKETS = tuple(tenth / 10 for tenth in range(1, 11))


class TurnMetrics:
    """All counters start at 0."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answered = Counter("omnilive_turns", "Turns answered", registry=registry)
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

    def count(self, event: TurnTimed | Why | TurnRecorded) -> None:
        match event:
            case TurnTimed(_, marks, _, over):
                self.answered.inc()
                for stage, seconds in marks.items():
                    self.stages.labels(stage).observe(seconds)
                for stage in over:
                    self.over_budget.labels(stage).inc()
            case Why(_, kind):
                self.reasons.labels(kind).inc()
            case TurnRecorded():
                self._record(event)

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
