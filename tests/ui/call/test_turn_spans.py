"""A turn becomes one tree of spans with the times of its record."""

from __future__ import annotations

import pytest

from stream.runtime.events import TurnRecorded, Why

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ui.call.turn_spans import TurnSpans

TURN = TurnRecorded(
    *(3, 10.0, 12.0, 15.0, "heard"),
    silence_s=0.38,
    pauses=((0.13, 0.41),),
    transcript="What is my password?",
    marks={"transcript": 0.2, "turn_decided": 0.38, "first_token": 0.3, "first_sound_sent": 0.4},
    over=("first_token",),
    broken_by="transcript",
    network_s=0.004,
    why=(Why(3, "answered", "waited 380 ms", 12.38),),
)


def test_a_turn_is_one_tree_with_a_span_for_each_stage() -> None:
    exporter = InMemorySpanExporter()
    spans = TurnSpans(SimpleSpanProcessor(exporter), wall=lambda: 1_000_020.0)
    spans.export(TURN, "s1", 20.0)  # so the session began at 1,000,000
    spans.close()
    made = {span.name: span for span in exporter.get_finished_spans()}
    root = made.pop("turn")
    assert root.parent is None
    assert set(made) == {"user", "transcript", "turn_decided", "first_token", "first_sound_sent"}
    assert {span.parent.span_id for span in made.values() if span.parent} == {root.context.span_id}
    assert {span.context.trace_id for span in made.values()} == {root.context.trace_id}

    def times(name: str) -> tuple[float, float]:
        span = made[name]
        assert span.start_time is not None and span.end_time is not None
        return span.start_time / 1e9 - 1_000_000, span.end_time / 1e9 - 1_000_000

    assert times("user") == pytest.approx((10.0, 12.0))
    assert times("transcript") == pytest.approx((12.0, 12.2))
    assert times("turn_decided") == pytest.approx((12.2, 12.38))
    assert times("first_token") == pytest.approx((12.2, 12.3)), "it did not wait for the decision"
    assert times("first_sound_sent") == pytest.approx((12.38, 12.4))
    assert (root.start_time, root.end_time) == (1_000_010 * 10**9, 1_000_015 * 10**9)
    assert (
        dict(root.attributes or {}).items()
        >= {"omnilive.silence_ms": 380.0, "omnilive.broken_by": "transcript"}.items()
    )
    assert dict(made["first_token"].attributes or {}) == {"over_budget": True}
    [why] = root.events
    assert (why.name, dict(why.attributes or {})) == ("waited 380 ms", {"kind": "answered"})


def test_what_was_said_does_not_leave_the_machine() -> None:
    exporter = InMemorySpanExporter()
    spans = TurnSpans(SimpleSpanProcessor(exporter))
    spans.export(TURN, "s1", 20.0)
    spans.close()
    assert "password" not in "".join(span.to_json() for span in exporter.get_finished_spans())
