"""MiniCPM-o 4.5 as a full-duplex engine: it takes a unit every second, and the model decides to listen or to speak.

Sound needs vocoder files beside the checkpoint; without them the engine generates text and its capabilities say that
it does not speak. Units of several sessions are computed in one batch. Starts no task and no thread and reads no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dialogue.blocks import Block, ReplyBlock, TextBlock, TranscriptBlock, UnitBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Listening, Runner, SoundDelta, TextDelta, UnitAnswer
from dialogue.engines.minicpm.minicpm_session import RewindableEngine, SessionMarks, check_context_size, generator_for
from dialogue.errors import BadInput
from dialogue.llm.batching import Steps, run_alone, run_batch
from dialogue.llm.checkpoints.vocabulary import TextStream, shortened
from dialogue.memory.spoken_conversation_log import SpokenConversationLog
from dialogue.minicpm.audio.mel import RATE, Samples
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex import Duplex, SpokenPiece
from dialogue.minicpm.sessions.duplex_interruption import ReplyUnit, break_off
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling
from dialogue.minicpm.sessions.window import SlidingWindow, Window, WindowRecap, WindowUnit
from dialogue.minicpm.sizing.duplex_cost import measure_duplex
from dialogue.minicpm.sizing.unit_cost import UnitCost
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S, SpeechDecoderO45, sampled
from dialogue.minicpm.speech.token2wav import LOOK_AHEAD, SILENCE, CodeFeed, Vocoder
from dialogue.minicpm.speech.token2wav import RATE as VOICE_RATE

WindowName = Literal["basic", "context"]

NO_VOICE_REMARK = (
    "The model's own voice needs its vocoder (assets/token2wav of its download) and a recording to speak like "
    "(--voice); the built-in voice speaks instead."
)
FORCE_LISTEN = 3  # first units in which it only listens, as in the published service
UNIT_TOKENS = 128  # more than a unit with one picture takes
MAX_TEXT_TOKENS = 512  # typed in one second
RECAP_UNITS, RECAP_TOKENS, RECAP_HEADING = 24, 500, "\n\nprevious: "
UNIT_S = 1.0
REPLY_UNITS_KEPT = 16  # units that an interruption can take back: playback never lags further behind


@dataclass(frozen=True, eq=False)
class MiniCPMO45Model:
    """Shared by the sessions. `voice` is a recording of the voice to speak with, 16 kHz; `seed` makes a session's
    draws repeatable."""

    model: MiniCPM
    runner: Runner
    context_tokens: int
    window: WindowName = "basic"
    style: DuplexSampling | None = None
    voice: Samples | None = None
    new_vocoder: Callable[[], Vocoder] | None = None
    force_listen: int = FORCE_LISTEN
    seed: int | None = None

    def __post_init__(self) -> None:
        check_context_size(self.context_tokens, self.model)

    @property
    def can(self) -> Capabilities:
        return Capabilities(hears=True, sees=True, speaks=self.new_vocoder is not None, duplex=True)

    @property
    def remark(self) -> str:
        return "" if self.can.speaks else NO_VOICE_REMARK

    def __call__(self) -> MiniCPMO45Engine:
        return MiniCPMO45Engine(self)

    def compute_batch(self, units: Sequence[tuple[MiniCPMO45Engine, UnitBlock]]) -> list[UnitAnswer | Exception]:
        return run_batch([engine.steps(unit) for engine, unit in units])

    def measure_units(self) -> UnitCost:
        """Measure how long units of several sessions take here, sound included.

        Takes some seconds, on the model's thread.
        """
        vocoders: list[Vocoder] = []

        def make_sound(said: Sequence[SpokenPiece]) -> None:
            while self.new_vocoder is not None and len(vocoders) < len(said):
                vocoders.append(self.new_vocoder())
            for vocoder in vocoders[: len(said)]:
                vocoder.stream([SILENCE] * (CODES_PER_S + LOOK_AHEAD), last=False)

        return measure_duplex(self.model, self.context_tokens, make_sound, speaks=self.can.speaks)

    def open_session(self) -> Duplex:
        """Open a model session with the instruction prefilled; on the model's thread."""
        generator = generator_for(self.model, self.seed)
        voice = self.model.voice if self.new_vocoder and isinstance(self.model.voice, SpeechDecoderO45) else None
        window, capacity = self._window()
        session = Duplex(
            self.model,
            voice,
            window,
            self.style,
            capacity=capacity,
            force_listen=self.force_listen,
            generator=generator,
            choose_code=sampled(generator),
        )
        session.prepare(reference=self.voice)
        return session

    def _window(self) -> tuple[Window, int]:
        slack = UNIT_TOKENS + MAX_TEXT_TOKENS
        if self.window == "basic":
            return SlidingWindow(self.context_tokens, self.context_tokens * 3 // 4), self.context_tokens + slack
        heading = self.model.words.encode(RECAP_HEADING, begin=False)
        units = min(RECAP_UNITS, self.context_tokens // UNIT_TOKENS)
        room = self.context_tokens + RECAP_TOKENS + len(heading)
        return WindowRecap(tuple(heading), units, RECAP_TOKENS), room + slack


class MiniCPMO45Engine(RewindableEngine[Duplex]):
    """One session. What a step changes is written on the model's thread, the conversation log included."""

    def __init__(self, shared: MiniCPMO45Model) -> None:
        self.can = shared.can
        self._shared, self._run = shared, shared.runner
        self._session: Duplex | None = None  # made by the first step: a cache is large
        self._conversation_log = SpokenConversationLog()
        self._marks: SessionMarks[Duplex] = SessionMarks(self._conversation_log)
        self._unconfirmed: deque[ReplyUnit] = deque()  # units of the reply that the user has not heard to its end
        self._evicted_characters = 0  # in units of that reply that are no longer kept
        self._words = TextStream(shared.model.words)
        self._vocoder = shared.new_vocoder() if shared.new_vocoder else None
        self._codes = CodeFeed()
        self._answer: UnitAnswer | None = None
        self._use = ContextUse({}, shared.context_tokens)
        self._unit_inputs: dict[int, tuple[float, str]] = {}  # (start, typed text) of the units in the context

    @property
    def _slices(self) -> int:
        """Slices of a picture at full detail: it takes a quarter of the context at most."""
        vision = self._shared.model.vision
        if vision is None:
            return 1
        return min(vision.rule.max_slices, max(1, self._shared.context_tokens // 4 // vision.queries - 1))

    def steps(self, unit: UnitBlock) -> Steps[UnitAnswer]:
        """The steps of one unit, on the model's thread. Raises BadInput for an unusable picture."""
        session = self._open_session()
        place = session.mark()
        pictures = [] if unit.rgb is None else [EncodedPicture(unit.rgb, self._slices if unit.fine else 1)]
        try:
            heard = yield from session.hear_steps(_padded(unit.samples), pictures, self._plain(unit.text))
        except ValueError as error:
            raise BadInput(f"The picture cannot be used: {error}") from error
        self._record_input(place.unit, unit)
        said = yield from session.say_steps(unit.listen)
        text = self._words.add(said.spoken)
        if said.turn_over or said.listening:
            text, self._words = text + self._words.end(), TextStream(self._shared.model.words)
        if self._unconfirmed or not said.listening:
            self._unconfirmed.append(ReplyUnit(place, heard, replace(said, text=text)))
            if len(self._unconfirmed) > REPLY_UNITS_KEPT:
                self._evicted_characters += len(self._unconfirmed.popleft().said.text)
        self._measure(session)
        self._log_evicted(said.evicted)
        left = tuple(evicted.number for evicted in said.evicted)
        self._answer = UnitAnswer(place.unit, said.listening, text, self._sound(said), said.turn_over, left)
        return self._answer

    async def feed(self, block: Block) -> None:
        """Takes units, the heard part of a finished reply, and transcripts (for the conversation log only)."""
        match block:
            case UnitBlock():
                await self._run(run_alone, self.steps(block))
            case ReplyBlock():
                await self._run(self._confirm_reply, block)
            case TranscriptBlock():
                await self._run(self._conversation_log.add, block)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The outcome of the last unit that was fed."""
        answer, self._answer = self._answer, None
        if answer is None or answer.listening:
            yield Listening()
            return
        yield TextDelta(answer.text)
        if answer.sound is not None:
            yield answer.sound

    async def break_off(self, characters: int, heard_s: float) -> None:
        await self._run(self._break_off, characters)

    def context(self) -> ContextUse:
        return self._use

    def _open_session(self) -> Duplex:
        if self._session is None:
            self._session = self._shared.open_session()
        return self._session

    def _sound(self, said: SpokenPiece) -> SoundDelta | None:
        if self._vocoder is None or said.codes is None:
            return None
        pieces = [self._vocoder.stream(call, last=False) for call in self._codes.add(said.codes)]
        if said.turn_over:
            pieces.append(self._vocoder.stream(self._codes.end(), last=True))
            self._vocoder.restart()
        return SoundDelta(np.concatenate(pieces), VOICE_RATE) if pieces else None

    def _record_input(self, number: int, unit: UnitBlock) -> None:
        self._unit_inputs[number] = unit.start, unit.text
        if unit.text.strip():
            self._conversation_log.add(TextBlock(unit.text, unit.start, unit.start + UNIT_S, typed=True))

    def _log_evicted(self, units: Sequence[WindowUnit]) -> None:
        for unit in units:
            start, typed = self._unit_inputs.pop(unit.number)
            self._conversation_log.second_left(start, start + UNIT_S, typed, self._shared.model.words.decode(unit.said))

    def _confirm_reply(self, reply: ReplyBlock) -> None:
        self._conversation_log.add(reply)
        if not reply.cut:
            self._forget_reply()

    def _forget_reply(self) -> None:
        self._unconfirmed.clear()
        self._evicted_characters = 0

    def _break_off(self, characters: int) -> None:
        if self._session is not None:
            run_alone(break_off(self._session, list(self._unconfirmed), characters - self._evicted_characters))
            self._measure(self._session)
        self._forget_reply()
        self._words, self._codes = TextStream(self._shared.model.words), CodeFeed()
        if self._vocoder is not None:
            self._vocoder.restart()

    def _measure(self, session: Duplex) -> None:
        context = session.context
        tokens = {
            "system": context.protected - len(context.previous),
            "recap": len(context.previous),
            "picture": sum(unit.pictures for unit in context.units),
            "sound": sum(unit.sound for unit in context.units),
            "reply": sum(len(unit.said) for unit in context.units),
        }
        tokens["text"] = context.cache.length - sum(tokens.values())
        held = {kind: count for kind, count in tokens.items() if count}
        dropped = {"unit": context.dropped} if context.dropped else {}
        self._use = ContextUse(held, self._shared.context_tokens, context.dropped, dropped=dropped)

    def _plain(self, text: str) -> str:
        return shortened(self._shared.model.words, text, MAX_TEXT_TOKENS)[0] if text else ""


def _padded(samples: Samples) -> Samples:
    """A second of samples, (RATE,): a shorter one is padded with silence."""
    return samples if len(samples) == RATE else np.pad(samples, (0, RATE - len(samples)))
