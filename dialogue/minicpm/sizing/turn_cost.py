"""What a second of several sessions with o 2.6 takes, which take turns with their users: in it each of them either
listens, and takes in a unit, or answers, and makes a second of sound.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from dialogue.llm.batching import Steps, alone, gathered, run_together
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.minicpm.chat.request import EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_o26 import ReplyStream, SessionO26, units_together
from dialogue.minicpm.sizing.unit_cost import MOST, SHARE, UNIT_S, UnitCost, measure
from dialogue.minicpm.sizing.worst_case import (
    SPARE_TOKENS,
    fill,
    noise,
    picture,
    rows_bytes,
    session_bytes,
)
from dialogue.minicpm.speech.voice_o26 import CALL, RATE, SAMPLES_A_CODE, SpeechStreamO26, VoiceO26
from dialogue.sizing.pace import READ_TOKENS
from dialogue.sizing.session_memory import sessions_in_memory

CALLS = 2  # of the voice, in what is measured
CALL_S = CALL * SAMPLES_A_CODE / RATE


@dataclass(frozen=True, slots=True)
class TurnCost:
    """From what units cost and what answers cost.

    Units of several sessions share their passes through the model, and so do answers, but a unit and an answer do
    not. So it is not the worse of all listening and all answering that must fit into a second, but the worst way to
    divide the sessions into those who listen and those who answer: one of each may cost more than two of a kind.
    """

    units: UnitCost
    answers: UnitCost

    def seconds(self, sessions: int) -> float:
        divided = ((listening, sessions - listening) for listening in range(sessions + 1))
        return max(self.units.seconds(units) + self.answers.seconds(answers) for units, answers in divided)

    def unit_seconds(self, sessions: int) -> float:
        """Of a unit of each of them, computed together."""
        return self.units.seconds(sessions)

    def sessions(self, share: float = SHARE) -> int:
        """How many fit into that share of a second; no more than were tried, and 0 where not even one does."""
        tried = max(self.units.measured[-1][0], self.answers.measured[-1][0])
        return max((count for count in range(tried + 1) if self.seconds(count) <= share * UNIT_S), default=0)


def measure_turns(model: MiniCPM, context: int = 8192, most: int = MOST, speaks: bool = True) -> TurnCost:
    """For sessions of at most `context` tokens; no more of them than memory holds. Of an answer that the model
    `speaks`, the worst is the beginning, in which text is made as fast as the voice takes it. Blocks for some
    seconds."""
    voice = model.voice if speaks and isinstance(model.voice, VoiceO26) else None
    most = sessions_in_memory(_bytes_each(model, voice, context), model.decoder.device, most)
    listeners: list[SessionO26] = []
    unit: list[Part] = ["<unit>", picture(), EncodedSound(noise())]

    def listen(count: int) -> None:
        while len(listeners) < count:
            listeners.append(_full(model, context))
        for outcome in units_together([(session, unit) for session in listeners[:count]]):
            if isinstance(outcome, Exception):
                raise outcome

    units = measure(listen, most)
    speakers: list[_Answer] = []

    def answer(count: int) -> None:
        while len(speakers) < count:
            place = len(speakers)
            speakers.append(_Answer(listeners[place] if place < len(listeners) else _full(model, context), voice))
        for outcome in run_together([each.second_steps() for each in speakers[:count]]):
            if isinstance(outcome, Exception):
                raise outcome

    return TurnCost(units, measure(answer, most, lasts_s=UNIT_S if voice is None else CALLS * CALL_S))


class _Answer:
    """One that does not come to an end."""

    def __init__(self, session: SessionO26, voice: VoiceO26 | None) -> None:
        self._answer = ReplyStream(session, sys.maxsize, stops=())
        alone(self._answer.next_steps())
        self._speaker: SpeechStreamO26 | None = None
        if voice is not None:
            assert session.speaker is not None
            self._speaker = SpeechStreamO26(voice, session.speaker)
            slots = voice.speech.slots
            self._words = list(range(slots.text_step))
            fill(self._speaker.state.cache, slots.sound + slots.text // slots.text_step * CALL)

    def second_steps(self) -> Steps[None]:
        if self._speaker is None:
            yield from self._tokens(READ_TOKENS)
            return
        for _ in range(CALLS):
            yield from self._tokens(len(self._words))
            yield from gathered(self._speaker.speak(self._words))

    def _tokens(self, count: int) -> Steps[None]:
        for _ in range(count):
            yield from self._answer.next_steps()


def _full(model: MiniCPM, context: int) -> SessionO26:
    session = SessionO26(model, context + SPARE_TOKENS)
    session.introduce(["You see and hear."])
    begun = session.cache.length
    fill(session.cache, context)
    session.ledger.add(LedgerEntry("text", context - begun, 0.0, 0.0, 0, pinned=True))
    return session


def _bytes_each(model: MiniCPM, voice: VoiceO26 | None, context: int) -> int:
    speech = rows_bytes(voice.speech.backbone, voice.segment_rows) if voice is not None else 0
    return session_bytes(model, context) + speech
