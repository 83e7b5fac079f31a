"""MiniCPM-o 4.5 as a full-duplex engine: it is given every second, and decides by itself whether to listen or to speak.

The sound of its voice needs vocoder files beside the checkpoint; without them it gives text, and says of itself that
it does not speak. Units of several sessions are computed together. No task, no thread, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dialogue.blocks import Block, ReplyBlock, TextBlock, TranscriptBlock, UnitBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Listening, Mark, Runner, SoundDelta, TextDelta, UnitAnswer
from dialogue.engines.minicpm_marks import SessionMarks
from dialogue.engines.minicpm_settings import generator_for, must_suffice
from dialogue.errors import BadInput
from dialogue.llm.batching import Steps, alone, run_together
from dialogue.llm.checkpoints.vocabulary import TextStream, shortened
from dialogue.memory.spoken_conversation_log import SpokenConversationLog
from dialogue.minicpm.audio.mel import RATE, Samples
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex import Duplex, DuplexMark, SpokenPiece
from dialogue.minicpm.sessions.duplex_interruption import HeardReply, break_off
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling
from dialogue.minicpm.sessions.window import SlidingWindow, Window, WindowRecap, WindowUnit
from dialogue.minicpm.sizing.duplex_cost import measure_duplex
from dialogue.minicpm.sizing.unit_cost import UnitCost
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S, SpeechDecoderO45, sampled
from dialogue.minicpm.speech.token2wav import LOOK_AHEAD, SILENCE, CodeFeed, Vocoder
from dialogue.minicpm.speech.token2wav import RATE as VOICE_RATE

WindowName = Literal["basic", "context"]

NO_VOICE = (
    "the model's own voice needs its vocoder (assets/token2wav of its download) and a recording to speak like "
    "(--voice): our own voice reads its words"
)
FORCE_LISTEN = 3  # units at the beginning, as the published service does
UNIT_TOKENS = 128  # more than a unit with one picture takes
MOST_TEXT_TOKENS = 512  # typed in one second
RECAP_UNITS, RECAP_TOKENS, RECAP_HEADING = 24, 500, "\n\nprevious: "
UNIT_S = 1.0
TOLD_KEPT = 16  # units that are kept to be taken back: our sound is never so far ahead of the ears


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
        must_suffice(self.context_tokens, self.model)

    @property
    def can(self) -> Capabilities:
        return Capabilities(hears=True, sees=True, speaks=self.new_vocoder is not None, duplex=True)

    @property
    def remark(self) -> str:
        return "" if self.can.speaks else NO_VOICE

    def __call__(self) -> MiniCPMO45Engine:
        return MiniCPMO45Engine(self)

    def compute_together(self, units: Sequence[tuple[MiniCPMO45Engine, UnitBlock]]) -> list[UnitAnswer | Exception]:
        return run_together([engine.steps(unit) for engine, unit in units])

    def measure_units(self) -> UnitCost:
        """How long units of several sessions take here, sound included; some seconds, on the model's thread."""
        vocoders: list[Vocoder] = []

        def make_sound(said: Sequence[SpokenPiece]) -> None:
            while self.new_vocoder is not None and len(vocoders) < len(said):
                vocoders.append(self.new_vocoder())
            for vocoder in vocoders[: len(said)]:
                vocoder.stream([SILENCE] * (CODES_PER_S + LOOK_AHEAD), last=False)

        return measure_duplex(self.model, self.context_tokens, make_sound, speaks=self.can.speaks)

    def open_session(self) -> Duplex:
        """On the model's thread."""
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
        slack = UNIT_TOKENS + MOST_TEXT_TOKENS
        if self.window == "basic":
            return SlidingWindow(self.context_tokens, self.context_tokens * 3 // 4), self.context_tokens + slack
        heading = self.model.words.encode(RECAP_HEADING, begin=False)
        units = min(RECAP_UNITS, self.context_tokens // UNIT_TOKENS)
        room = self.context_tokens + RECAP_TOKENS + len(heading)
        return WindowRecap(tuple(heading), units, RECAP_TOKENS), room + slack


class MiniCPMO45Engine:
    """One session."""

    def __init__(self, shared: MiniCPMO45Model) -> None:
        self.can = shared.can
        self._shared, self._run = shared, shared.runner
        self._session: Duplex | None = None  # made by the first step: a cache is large
        self._marks: SessionMarks[tuple[DuplexMark | None, int]] = SessionMarks()
        self._turn: deque[HeardReply] = deque()  # what is being said and has not been heard to its end
        self._gone = 0  # characters of its units that are no longer kept
        self._words = TextStream(shared.model.words)
        self._vocoder = shared.new_vocoder() if shared.new_vocoder else None
        self._codes = CodeFeed()
        self._last: UnitAnswer | None = None
        self._use = ContextUse({}, shared.context_tokens)
        self._conversation_log = (
            SpokenConversationLog()
        )  # written on the model's thread, as is all else that a step changes
        self._taken: dict[int, tuple[float, str]] = {}  # of the units in the context: when they began, what was typed

    def steps(self, unit: UnitBlock) -> Steps[UnitAnswer]:
        """A unit, on the model's thread. Raises BadInput for what cannot be used."""
        session = self._opened()
        place = session.mark()
        pictures = [] if unit.rgb is None else [EncodedPicture(unit.rgb, max_slices=1)]
        try:
            heard = yield from session.hear_steps(_whole(unit.samples), pictures, self._plain(unit.text))
        except ValueError as odd:
            raise BadInput(f"The picture cannot be used: {odd}") from odd
        self._took(place.unit, unit)
        said = yield from session.say_steps(unit.listen)
        text = self._words.add(said.spoken)
        if said.turn_over or said.listening:
            text, self._words = text + self._words.end(), TextStream(self._shared.model.words)
        if self._turn or not said.listening:
            self._turn.append(HeardReply(place, heard, replace(said, text=text)))
            if len(self._turn) > TOLD_KEPT:
                self._gone += len(self._turn.popleft().said.text)
        self._measure(session)
        self._remember_left(said.left)
        left = tuple(gone.number for gone in said.left)
        self._last = UnitAnswer(place.unit, said.listening, text, self._sound(said), said.turn_over, left)
        return self._last

    async def feed(self, block: Block) -> None:
        """Units; what was heard of a reply that is over; and for its memory alone, what the user said."""
        match block:
            case UnitBlock():
                await self._run(alone, self.steps(block))
            case ReplyBlock():
                await self._run(self._heard, block)
            case TranscriptBlock():
                await self._run(self._conversation_log.transcribed, block)

    async def reply(self) -> AsyncIterator[Delta]:
        """What was made of the last unit that was fed."""
        answer, self._last = self._last, None
        if answer is None or answer.listening:
            yield Listening()
            return
        yield TextDelta(answer.text)
        if answer.sound is not None:
            yield answer.sound

    async def break_off(self, characters: int) -> None:
        await self._run(self._break_off, characters)

    async def mark(self) -> Mark:
        return await self._run(self._mark)

    async def rewind(self, mark: Mark) -> None:
        await self._run(self._rewind, mark)

    async def close(self) -> None:
        """Frees the session's cache once the step in hand is done."""
        await self._run(self._free)

    def context(self) -> ContextUse:
        return self._use

    def _opened(self) -> Duplex:
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

    def _took(self, number: int, unit: UnitBlock) -> None:
        self._taken[number] = unit.start, unit.text
        if unit.text.strip():
            self._conversation_log.typed(TextBlock(unit.text, unit.start, unit.start + UNIT_S, typed=True))

    def _remember_left(self, units: Sequence[WindowUnit]) -> None:
        for unit in units:
            start, typed = self._taken.pop(unit.number)
            self._conversation_log.second_left(start, start + UNIT_S, typed, self._shared.model.words.decode(unit.said))

    def _heard(self, reply: ReplyBlock) -> None:
        """It need not be kept apart any longer."""
        self._conversation_log.spoke(reply)
        if not reply.cut:
            self._heard_all()

    def _heard_all(self) -> None:
        self._turn.clear()
        self._gone = 0

    def _break_off(self, characters: int) -> None:
        if self._session is not None:
            alone(break_off(self._session, list(self._turn), characters - self._gone))
            self._measure(self._session)
        self._heard_all()
        self._words, self._codes = TextStream(self._shared.model.words), CodeFeed()
        if self._vocoder is not None:
            self._vocoder.restart()

    def _mark(self) -> Mark:
        return self._marks.add(
            (None if self._session is None else self._session.mark(), self._conversation_log.position)
        )

    def _rewind(self, mark: Mark) -> None:
        place, position = self._marks.take(mark)
        self._conversation_log.rewind(position)
        if place is None or self._session is None:
            self._session = None
        else:
            self._session.rewind(place)
            self._measure(self._session)
        self._heard_all()

    def _free(self) -> None:
        self._session = None
        self._turn.clear()
        self._marks = SessionMarks()
        self._conversation_log.close()

    def _measure(self, session: Duplex) -> None:
        """Here and not in `context`, because only the model's thread may look into its session."""
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
        return shortened(self._shared.model.words, text, MOST_TEXT_TOKENS)[0] if text else ""


def _whole(samples: Samples) -> Samples:
    """A second, filled up with silence where it is shorter."""
    return samples if len(samples) == RATE else np.pad(samples, (0, RATE - len(samples)))
