"""MiniCPM-o 2.6 as an engine that hears, sees and speaks, by turns: units are prefilled while the user speaks.

A unit is a second of sound with the freshest picture; the reply is text and sound at 24 kHz. When it is the engine's
turn is decided outside. No task, no thread, no clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from dialogue.blocks import (
    Block,
    PictureBlock,
    ReplyBlock,
    SoundBlock,
    SystemBlock,
    TextBlock,
    TranscriptBlock,
    UnitBlock,
)
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, Runner, SoundDelta, TextDelta, UnitAnswer
from dialogue.engines.minicpm_marks import SessionMarks
from dialogue.engines.minicpm_settings import generator_for, must_suffice
from dialogue.errors import BadInput
from dialogue.llm.batching import Output, Steps, Stream, alone, run_together
from dialogue.llm.checkpoints.vocabulary import TextStream, shortened
from dialogue.llm.continuous_batching import ContinuousBatch
from dialogue.llm.sampling import SamplingConfig
from dialogue.memory.recap import Recap
from dialogue.memory.spoken_conversation_log import SpokenConversationLog
from dialogue.minicpm.audio.mel import RATE, WINDOW, Samples
from dialogue.minicpm.chat.request import EncodedPicture, EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_ledger import Moment
from dialogue.minicpm.sessions.session_o26 import SAMPLING, ReplyStream, SessionMarkO26, SessionO26
from dialogue.minicpm.sizing.turn_cost import TurnCost, measure_turns
from dialogue.minicpm.speech.voice_o26 import RATE as VOICE_RATE
from dialogue.minicpm.speech.voice_o26 import SpeechStreamO26, VoiceO26

ABOUT = "You are a helpful assistant. You can accept video, audio and text input and output voice and text."
CLONE = "Clone the voice in the provided audio prompt."
CLONED = "As an assistant, you will speak using this voice style."
OWN_VOICE = "Use the <reserved_53> voice."
NO_VOICE = "the model's voice lacks files (the folder assets of its download): our own voice reads its words"
MOST_REPLY_TOKENS = 256
RECAP_SHARE = 16  # of the context, at most, are words of what has left it
MOST_SLICES = 9  # as published
MOST_TEXT_TOKENS = 512  # of one message


@dataclass(frozen=True, eq=False)
class MiniCPMO26Model:
    """Shared by the sessions. `voice` is a recording of the voice to speak with, 16 kHz; `seed` makes a session's
    draws repeatable."""

    model: MiniCPM
    runner: Runner
    context_tokens: int
    sampling: SamplingConfig = SAMPLING
    voice: Samples | None = None
    seed: int | None = None
    answers: ContinuousBatch = field(default_factory=ContinuousBatch)

    def __post_init__(self) -> None:
        must_suffice(self.context_tokens, self.model)

    @property
    def can(self) -> Capabilities:
        return Capabilities(hears=True, sees=True, speaks=isinstance(self.model.voice, VoiceO26))

    @property
    def remark(self) -> str:
        return "" if self.can.speaks else NO_VOICE

    def __call__(self) -> MiniCPMO26Engine:
        return MiniCPMO26Engine(self)

    def measure_units(self) -> TurnCost:
        """What a second of several sessions takes here, of listening and of answering; some seconds, on the model's
        thread."""
        return measure_turns(self.model, self.context_tokens, speaks=self.can.speaks)

    def compute_together(self, units: Sequence[tuple[MiniCPMO26Engine, UnitBlock]]) -> list[UnitAnswer | Exception]:
        return run_together([engine.steps(unit) for engine, unit in units])


class MiniCPMO26Engine:
    """One session."""

    def __init__(self, shared: MiniCPMO26Model) -> None:
        self.can = shared.can
        self._shared, self._run, self._model = shared, shared.runner, shared.model
        self._session: SessionO26 | None = None  # made by the first step: a cache is large
        self._instruction = ABOUT
        self._marks: SessionMarks[tuple[SessionMarkO26 | None, int]] = SessionMarks()
        self._recap = Recap(shared.context_tokens // RECAP_SHARE, self._tokens)
        self._reminded = ""  # the recap as it stands in the context
        self._conversation_log = (
            SpokenConversationLog()
        )  # written on the model's thread, as is all else that a step changes
        self._replied = False  # the last thing in the context is a reply as it was made
        self._units = 0
        self._use = ContextUse({}, shared.context_tokens)
        self._generator = generator_for(shared.model, shared.seed)

    async def feed(self, block: Block) -> None:
        """Partial words and our own eyes' scene are not for it. Raises BadInput for what cannot be used."""
        match block:
            case SystemBlock(text):
                self._instruction = self._model.words.plain(text)
            case UnitBlock():
                await self._run(alone, self.steps(block))
            case PictureBlock(rgb, at):
                await self._run(self._hear, [EncodedPicture(rgb, self._slices)], Moment(at, at))
            case SoundBlock(samples, start):
                await self._run(self._hear_seconds, samples, start)
            case TextBlock(text) if text.strip():
                await self._run(self._read, block)
            case TranscriptBlock():
                await self._run(self._conversation_log.transcribed, block)
            case ReplyBlock():
                await self._run(self._remember, block)  # the turn is closed: its marks are void

    def steps(self, unit: UnitBlock) -> Steps[UnitAnswer]:
        """A unit, on the model's thread. Raises BadInput for what cannot be used."""
        parts: list[Part] = [] if unit.rgb is None else ["<unit>", EncodedPicture(unit.rgb, max_slices=1)]
        if len(unit.samples) >= WINDOW:
            parts.append(EncodedSound(unit.samples))
        if unit.text:
            parts.append(self._plain(unit.text))
        if parts:
            yield from self._hear_steps(parts, Moment(unit.start, unit.start + len(unit.samples) / RATE, unit.text))
        self._units += 1
        return UnitAnswer(self._units - 1)

    async def reply(self) -> AsyncIterator[Delta]:
        """The answer to what was said and shown last, text before the sound of it; nothing if nothing was."""
        session = self._session
        if session is None or not session.asked:
            return
        self._replied = True
        answers = self._shared.answers
        mine = answers.join(self._answer(session))
        try:
            while (made := await self._run(answers.go_on, mine)) is not None:
                for each in made:
                    yield each if isinstance(each, TextDelta) else SoundDelta(each.float().numpy(), VOICE_RATE)
        finally:
            answers.leave(mine)

    async def mark(self) -> Mark:
        return await self._run(self._mark)

    async def rewind(self, mark: Mark) -> None:
        await self._run(self._rewind, mark)

    async def break_off(self, characters: int) -> None:
        raise AssertionError("it is rewound and told; see Engine")

    async def close(self) -> None:
        """Frees the session's cache once the step in hand is done."""
        await self._run(self._free)

    def context(self) -> ContextUse:
        return self._use

    def _opened(self) -> SessionO26:
        if self._session is None:
            capacity = self._shared.context_tokens
            self._session = SessionO26(self._model, capacity, room=min(MOST_REPLY_TOKENS, capacity // 4))
            voice = self._shared.voice
            if voice is None:
                self._session.introduce([f"{self._instruction} {OWN_VOICE}"])
            else:
                self._session.introduce([f"{self._instruction} {CLONE}", EncodedSound(voice), CLONED])
        return self._session

    def _hear(self, parts: Sequence[Part], moment: Moment) -> None:
        alone(self._hear_steps(parts, moment))

    def _hear_steps(self, parts: Sequence[Part], moment: Moment) -> Steps[None]:
        session = self._opened()
        try:
            yield from session.hear_steps(parts, moment)
        except ValueError as odd:
            raise BadInput(f"The picture cannot be used: {odd}") from odd
        self._replied = False
        self._measure(session)

    def _hear_seconds(self, samples: Samples, at: float) -> None:
        for start in range(0, len(samples), RATE):
            if len(second := samples[start : start + RATE]) >= WINDOW:
                begun = at + start / RATE
                self._hear([EncodedSound(second)], Moment(begun, begun + len(second) / RATE))

    def _read(self, block: TextBlock) -> None:
        self._hear([self._plain(block.text)], Moment(block.start, block.end, block.text))
        self._conversation_log.typed(block)

    def _remember(self, block: ReplyBlock) -> None:
        session = self._opened()
        if not self._replied:
            session.remember(block.text, whole=not block.cut)
        session.heard_as(block.text, block.start, block.end)
        self._conversation_log.spoke(block)
        self._marks.clear()
        self._measure(session)
        self._remind(session)

    def _remind(self, session: SessionO26) -> None:
        """Lays the recap out anew, if words have left since. The turn is over: nobody waits."""
        if self._recap.text != self._reminded:
            self._reminded = self._recap.text
            session.remind(self._reminded)
            self._measure(session)

    def _tokens(self, text: str) -> int:
        return len(self._model.words.encode(text, begin=False))

    def _mark(self) -> Mark:
        return self._marks.add(
            (None if self._session is None else self._session.mark(), self._conversation_log.position)
        )

    def _rewind(self, mark: Mark) -> None:
        place, position = self._marks.take(mark)
        self._conversation_log.rewind(position)
        if place is None:
            self._session = None
        elif self._session is not None:
            self._session.rewind(place)
            self._measure(self._session)
        self._replied = False

    def _free(self) -> None:
        self._session = None
        self._marks = SessionMarks()
        self._conversation_log.close()

    def _measure(self, session: SessionO26) -> None:
        self._recap.add(self._conversation_log.left(session.take_left()))
        self._use = session.ledger.use()

    def _plain(self, text: str) -> str:
        words = self._model.words
        return words.plain(shortened(words, text, min(MOST_TEXT_TOKENS, self._shared.context_tokens // 4))[0])

    @property
    def _slices(self) -> int:
        """Of a picture that is looked at closely: a quarter of the context at most."""
        assert self._model.sight is not None
        return min(MOST_SLICES, max(1, self._shared.context_tokens // 4 // self._model.sight.queries - 1))

    def _answer(self, session: SessionO26) -> Stream[TextDelta | Tensor]:
        """Text as it is made, and its sound as soon as it can be."""
        limit = min(MOST_REPLY_TOKENS, self._shared.context_tokens // 4)
        answer = ReplyStream(session, limit, self._shared.sampling, self._generator)
        words, stops, speaker = TextStream(self._model.words), self._model.stops(), None
        while (step := (yield from answer.next_steps())) is not None:
            speaker = speaker or self._speaker(session)
            if step.token not in stops and (text := words.add([step.token])):
                yield from _told(text, speaker)
        if text := words.end():
            yield from _told(text, speaker)
        if speaker is not None:
            yield from speaker.end()
        self._measure(session)

    def _speaker(self, session: SessionO26) -> SpeechStreamO26 | None:
        voice = self._model.voice
        if session.speaker is None or not isinstance(voice, VoiceO26):
            return None
        return SpeechStreamO26(voice, session.speaker, self._generator)


def _told(text: str, speaker: SpeechStreamO26 | None) -> Stream[TextDelta | Tensor]:
    yield Output(TextDelta(text))
    if speaker is not None:
        yield from speaker.add(text)
