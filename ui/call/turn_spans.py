"""The record of each turn as OpenTelemetry spans: a tree with a span for each stage. Needs the extra `otel`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from dialogue.errors import BadInput
from stream.runtime.budget import STAGES
from stream.runtime.events import TurnRecorded

try:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import set_span_in_context
except ImportError as missing:
    raise BadInput("--otel needs the packages of the extra otel: pip install 'omnilive[otel]'.") from missing

SERVICE = "omnilive"


class TurnSpans:
    """Exports the turns of one server. `wall` is the system's clock in seconds."""

    def __init__(self, processor: SpanProcessor, wall: Callable[[], float] = time.time) -> None:
        self._provider, self._wall = TracerProvider(resource=Resource.create({"service.name": SERVICE})), wall
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)

    def export(self, turn: TurnRecorded, session: str, now: float) -> None:
        """Exports a turn of the session, whose clock shows `now`. Never blocks: a full queue drops spans."""
        zero = self._wall() - now

        def at(session_s: float) -> int:
            return round((zero + session_s) * 1e9)

        root = self._tracer.start_span(
            "turn", start_time=at(turn.began_at), attributes=dict(_attributes(turn, session))
        )
        for why in turn.why:
            root.add_event(why.text, {"kind": why.kind}, timestamp=at(why.at))
        inside = set_span_in_context(root)
        if turn.stopped_at is not None:
            spoken = self._tracer.start_span("user", inside, start_time=at(turn.began_at))
            spoken.end(at(turn.stopped_at))
            for stage, began, ended in _stages(turn):
                span = self._tracer.start_span(stage, inside, start_time=at(turn.stopped_at + began))
                span.set_attribute("over_budget", stage in turn.over)
                span.end(at(turn.stopped_at + ended))
        root.end(at(turn.ended_at))

    def close(self) -> None:
        """Sends what waits. Blocks until it is sent or refused."""
        self._provider.shutdown()


def spans_to(url: str) -> TurnSpans:
    """Sends spans to an OTLP endpoint over HTTP; "" for that of the OTEL_EXPORTER_OTLP_* variables."""
    return TurnSpans(BatchSpanProcessor(OTLPSpanExporter(endpoint=url or None)))


def _attributes(turn: TurnRecorded, session: str) -> Iterator[tuple[str, str | float | list[float]]]:
    yield "omnilive.session", session
    yield "omnilive.turn", turn.turn
    yield "omnilive.outcome", turn.outcome
    yield "omnilive.broken_by", turn.broken_by
    yield "omnilive.turn_end_probabilities", [probability for _, probability in turn.pauses]
    for name, value in (
        ("silence", turn.silence_s),
        ("network", turn.network_s),
        ("jitter_buffer", turn.jitter_buffer_s),
    ):
        if value is not None:
            yield f"omnilive.{name}_ms", round(1000 * value, 1)


def _stages(turn: TurnRecorded) -> Iterator[tuple[str, float, float]]:
    """Each stage with its begin and end, in seconds after the user's last sample.

    It begins when the last of the stages before it was ready, as far as that was before its end.
    """
    before = [0.0]
    for stage in STAGES:
        if stage in turn.marks:
            ended = turn.marks[stage]
            yield stage, max((mark for mark in before if mark <= ended), default=ended), ended
            before.append(ended)
