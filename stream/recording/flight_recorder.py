"""Keeps the record of every turn of a session, and says why the assistant did what it did.

All events of turn-taking, and all output events of the session, pass through it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from audio.chunk import Samples
from stream.recording.call_recording import CallRecording
from stream.runtime.budget import broken_by
from stream.runtime.clock import SoundClock
from stream.runtime.events import Expressed, PlayoutMeasured, ReplyEnded, TurnRecorded, TurnTimed, UserCaption, Why
from stream.runtime.link import Link
from stream.turns.decisions import Answer, Begin, Decision, Drop, SpokenQuestion, TypedQuestion
from stream.turns.events import TurnEndEstimated, TurnEvent
from stream.turns.reasons import reasons
from stream.turns.turns import Turns

MOST_OPEN = 16  # turns whose record is not complete; more were left behind by an engine that answers none of them
STAGE_NAMES = {
    "transcript": "the transcript",
    "turn_decided": "the wait for the end of your turn",
    "first_token": "the first word of the answer",
    "first_phrase": "the first phrase",
    "first_sound_made": "its sound",
    "first_sound_sent": "sending it",
    "first_sound_heard": "the network and the jitter buffer",
}


@dataclass
class _Open:
    """The record of a turn that is not over. Times on the session clock."""

    began_at: float
    stopped_at: float | None = None
    silence_s: float | None = None
    spoken: bool = False  # the turn was decided, and somebody spoke in it
    pauses: list[tuple[float, float]] = field(default_factory=list)
    transcript: str = ""
    timed: TurnTimed | None = None
    broken_by: str = ""
    why: list[Why] = field(default_factory=list)


class FlightRecorder:
    """The recorder of one session. `link` leads to the far end; stages use `express` instead. What passes through goes
    to `recording` too, where there is one."""

    def __init__(
        self, *, turns: Turns, sound_clock: SoundClock, link: Link, recording: CallRecording | None = None
    ) -> None:
        self.turns, self.sound_clock, self._link, self.recording = turns, sound_clock, link, recording
        self._open: dict[int, _Open] = {}
        self._playout: PlayoutMeasured | None = None
        self.listeners: list[Callable[[Expressed], None]] = []  # get all output events

    def take(self, event: TurnEvent) -> list[Decision]:
        """Has `event` decided, and records what was decided and why. Returns the decisions."""
        turns, before = self.turns, self.turns.phase
        estimated = isinstance(event, TurnEndEstimated) and event.stopped_at == turns.stopped_at and turns.user_speaks
        if estimated and isinstance(event, TurnEndEstimated):
            self._of(turns.turn).pauses.append((event.at - event.stopped_at, event.probability))
        decisions = turns.take(event)
        if self.recording is not None:
            self.recording.decided(self._link.now(), event, decisions)
        if decisions:
            self._record(decisions)
            for turn, kind, text in reasons(turns, before, event, decisions):
                self._say(turn, kind, text)
            for decision in decisions:
                if isinstance(decision, Drop):
                    self._close(decision.turn, "dropped")
        return decisions

    def express(self, event: Expressed) -> None:
        """Passes an output event on, and records what it says about a turn."""
        self._emit(event)
        match event:
            case UserCaption(turn, text, final=True) if turn in self._open:
                self._open[turn].transcript = text
                if not text and self._open[turn].spoken:
                    self._say(turn, "no_answer", "no answer: there were no words in the sound")
            case TurnTimed(turn):
                self._time(turn, event)
            case ReplyEnded(turn, _, heard, cut) if turn in self._open:
                self._close(turn, "cut" if cut else "heard", heard)
            case _:
                pass

    def _emit(self, event: Expressed) -> None:
        self._link.emit(event)
        for listener in self.listeners:
            listener(event)
        if self.recording is not None:
            self.recording.expressed(self._link.now(), event)

    def pulled(self, samples: Samples, rate: int) -> None:
        """Takes note of sound that goes out; from any thread."""
        if self.recording is not None:
            self.recording.played(self._link.now(), samples, rate)

    def measured(self, playout: PlayoutMeasured) -> None:
        """Takes note of the delays between sending sound and playing it."""
        self._playout = playout

    def _record(self, decisions: list[Decision]) -> None:
        at = self.sound_clock.at
        for decision in decisions:
            match decision:
                case Begin(turn, began_at):
                    self._of(turn, at(began_at))
                case Answer(turn, SpokenQuestion(_, stopped_at, until)):
                    record = self._of(turn)
                    record.stopped_at, record.silence_s, record.spoken = at(stopped_at), until - stopped_at, True
                case Answer(turn, TypedQuestion(_, began_at)):
                    self._of(turn, began_at).stopped_at = began_at
                case _:
                    pass

    def _of(self, turn: int, began_at: float | None = None) -> _Open:
        if turn not in self._open:
            self._open[turn] = _Open(self._link.now() if began_at is None else began_at)
            while len(self._open) > MOST_OPEN:
                del self._open[next(iter(self._open))]
        return self._open[turn]

    def _say(self, turn: int, kind: str, text: str) -> None:
        why = Why(turn, kind, text, self._link.now())
        if turn in self._open:
            self._open[turn].why.append(why)
        self._emit(why)

    def _time(self, turn: int, timed: TurnTimed) -> None:
        record = self._of(turn)
        record.timed, record.broken_by = timed, broken_by(timed.marks, timed.budget)
        heard, allowed = timed.marks.get("first_sound_heard"), timed.budget.get("first_sound_heard")
        if heard is not None and allowed is not None and heard > allowed:
            late = f"{1000 * (heard - allowed):.0f} ms over the budget"
            slowest = STAGE_NAMES[record.broken_by]
            text = f"late: {1000 * heard:.0f} ms from your last sound to mine, {late}; mostly {slowest}"
            self._say(turn, "late", text)

    def _close(self, turn: int, outcome: Literal["heard", "cut", "dropped"], reply: str = "") -> None:
        record = self._open.pop(turn, None)
        if record is None:
            return
        timed, playout = record.timed, self._playout
        round_trip_s = playout.round_trip_s if playout is not None else None
        self._emit(
            TurnRecorded(
                turn,
                record.began_at,
                record.stopped_at,
                self._link.now(),
                outcome,
                silence_s=record.silence_s,
                pauses=tuple(record.pauses),
                transcript=record.transcript,
                reply=reply,
                marks=timed.marks if timed is not None else {},
                budget=timed.budget if timed is not None else {},
                over=timed.over if timed is not None else (),
                broken_by=record.broken_by,
                network_s=round_trip_s / 2 if round_trip_s is not None else None,
                jitter_buffer_s=playout.delay_s if playout is not None else None,
                why=tuple(record.why),
            )
        )
