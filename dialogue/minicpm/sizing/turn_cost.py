"""Measures how long a second of several half-duplex sessions with o 2.6 takes.

In a second each session either listens (prefills one unit) or answers (generates one second of audio).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from dialogue.llm.batching import Steps, collect, run_alone, run_batch
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.minicpm.chat.request import EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_o26 import ReplyStream, SessionO26, run_unit_batch
from dialogue.minicpm.sizing.unit_cost import MAX_SESSIONS, SHARE, UNIT_S, UnitCost, measure
from dialogue.minicpm.sizing.worst_case import (
    SPARE_TOKENS,
    fill,
    noise,
    picture,
    rows_bytes,
    session_bytes,
)
from dialogue.minicpm.speech.voice_o26 import CALL_STEPS, RATE, SAMPLES_PER_CODE, SpeechStreamO26, VoiceO26
from dialogue.sizing.pace import READ_TOKENS
from dialogue.sizing.session_memory import sessions_in_memory

CALLS = 2  # of the speech decoder in one measured second
CALL_S = CALL_STEPS * SAMPLES_PER_CODE / RATE


@dataclass(frozen=True, slots=True)
class TurnCost:
    """The cost of units and the cost of replies, combined.

    Units of several sessions share passes of the model, and replies do, but a unit and a reply share none. The worst
    second is therefore the most expensive division of the sessions into listening and answering ones: one of each may
    cost more than two of one kind.
    """

    units: UnitCost
    answers: UnitCost

    def seconds(self, sessions: int) -> float:
        divided = ((listening, sessions - listening) for listening in range(sessions + 1))
        return max(self.units.seconds(units) + self.answers.seconds(answers) for units, answers in divided)

    def unit_seconds(self, sessions: int) -> float:
        """Seconds of one unit of each session, in one batch."""
        return self.units.seconds(sessions)

    def sessions(self, share: float = SHARE) -> int:
        """The number of sessions that fit into `share` of a second, at most as many as were measured."""
        tried = max(self.units.measured[-1][0], self.answers.measured[-1][0])
        return max((count for count in range(tried + 1) if self.seconds(count) <= share * UNIT_S), default=0)


def measure_turns(model: MiniCPM, context: int = 8192, most: int = MAX_SESSIONS, speaks: bool = True) -> TurnCost:
    """The cost for sessions of at most `context` tokens, and at most as many as memory holds. The worst part of a reply
    that the model `speaks` is its start, where text is generated as fast as the speech decoder takes it. Blocks for
    several seconds."""
    voice = model.voice if speaks and isinstance(model.voice, VoiceO26) else None
    most = sessions_in_memory(_bytes_each(model, voice, context), model.decoder.device, most)
    listeners: list[SessionO26] = []
    unit: list[Part] = ["<unit>", picture(), EncodedSound(noise())]

    def listen(count: int) -> None:
        while len(listeners) < count:
            listeners.append(_full_session(model, context))
        for outcome in run_unit_batch([(session, unit) for session in listeners[:count]]):
            if isinstance(outcome, Exception):
                raise outcome

    units = measure(listen, most)
    speakers: list[_EndlessReply] = []

    def answer(count: int) -> None:
        while len(speakers) < count:
            place = len(speakers)
            speakers.append(
                _EndlessReply(listeners[place] if place < len(listeners) else _full_session(model, context), voice)
            )
        for outcome in run_batch([each.second_steps() for each in speakers[:count]]):
            if isinstance(outcome, Exception):
                raise outcome

    return TurnCost(units, measure(answer, most, lasts_s=UNIT_S if voice is None else CALLS * CALL_S))


class _EndlessReply:
    """A reply without an end."""

    def __init__(self, session: SessionO26, voice: VoiceO26 | None) -> None:
        self._answer = ReplyStream(session, sys.maxsize, stops=())
        run_alone(self._answer.next_steps())
        self._speaker: SpeechStreamO26 | None = None
        if voice is not None:
            assert session.speaker is not None
            self._speaker = SpeechStreamO26(voice, session.speaker)
            slots = voice.speech.slots
            self._words = list(range(slots.text_step))
            fill(self._speaker.state.cache, slots.sound + slots.text // slots.text_step * CALL_STEPS)

    def second_steps(self) -> Steps[None]:
        if self._speaker is None:
            yield from self._tokens(READ_TOKENS)
            return
        for _ in range(CALLS):
            yield from self._tokens(len(self._words))
            yield from collect(self._speaker.speak(self._words))

    def _tokens(self, count: int) -> Steps[None]:
        for _ in range(count):
            yield from self._answer.next_steps()


def _full_session(model: MiniCPM, context: int) -> SessionO26:
    session = SessionO26(model, context + SPARE_TOKENS)
    session.introduce(["You see and hear."])
    begun = session.cache.length
    fill(session.cache, context)
    session.ledger.add(LedgerEntry("text", context - begun, 0.0, 0.0, 0, pinned=True))
    return session


def _bytes_each(model: MiniCPM, voice: VoiceO26 | None, context: int) -> int:
    speech = rows_bytes(voice.speech.backbone, voice.segment_rows) if voice is not None else 0
    return session_bytes(model, context) + speech
