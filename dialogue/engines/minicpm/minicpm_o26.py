"""MiniCPM-o 2.6 as a turn-based engine that hears, sees and speaks: units are prefilled while the user speaks.

A unit is a second of sound with the newest picture; the reply is text and sound at 24 kHz. The caller decides when
the engine's turn begins. Starts no task and no thread and reads no clock.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

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
from dialogue.engine import Capabilities, ContextUse, Delta, Runner, SoundDelta, TextDelta, UnitAnswer
from dialogue.engines.minicpm.minicpm_session import RewindableEngine, SessionMarks, check_context_size, generator_for
from dialogue.errors import BadInput
from dialogue.llm.batching import Output, Steps, Stream, run_alone, run_batch
from dialogue.llm.checkpoints.vocabulary import TextStream, shortened
from dialogue.llm.continuous_batching import ContinuousBatch
from dialogue.llm.sampling import SamplingConfig
from dialogue.memory.recap import Recap
from dialogue.memory.spoken_conversation_log import SpokenConversationLog
from dialogue.minicpm.audio.mel import RATE, WINDOW, Samples
from dialogue.minicpm.chat.conversation import SAMPLING
from dialogue.minicpm.chat.request import EncodedPicture, EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_ledger import Moment
from dialogue.minicpm.sessions.session_o26 import ReplyStream, SessionO26
from dialogue.minicpm.sizing.turn_cost import TurnCost, measure_turns
from dialogue.minicpm.speech.voice_o26 import RATE as VOICE_RATE
from dialogue.minicpm.speech.voice_o26 import SpeechStreamO26, VoiceO26


@dataclass(frozen=True, slots=True)
class Introduction:
    """The beginning of a conversation as published (`get_sys_prompt`, mode "omni"): the instruction, words about the
    voice, a recording of it, and the last words."""

    instruction: str
    clone_prefix: str
    clone_suffix: str
    space: str = " "


INTRODUCTIONS = {
    "en": Introduction(
        "You are a helpful assistant. You can accept video, audio and text input and output voice and text.",
        "Clone the voice in the provided audio prompt.",
        "As an assistant, you will speak using this voice style.",
    ),
    "zh": Introduction(
        "你是一个AI助手。你能接受视频，音频和文本输入并输出语音和文本。",
        "模仿输入音频中的声音特征。",
        "作为助手，你将使用这种声音风格说话。",
        space="",
    ),
}
OWN_VOICE = "Use the <reserved_53> voice."
NO_VOICE_REMARK = (
    "The model's own voice lacks files (the folder assets of its download); the built-in voice speaks instead."
)
MAX_REPLY_TOKENS = 256
RECAP_SHARE = 16  # the recap of what has left takes at most 1/16 of the context
MAX_SLICES = 9  # as published
MAX_TEXT_TOKENS = 512  # in one message


@dataclass(frozen=True, eq=False)
class MiniCPMO26Model:
    """The loaded model that sessions share; calling it opens a session.

    `voice` is a recording of the voice to speak with, 16 kHz; `seed` makes a session's draws repeatable. Raises
    BadInput for a context that is too small.
    """

    model: MiniCPM
    runner: Runner
    context_tokens: int
    sampling: SamplingConfig = SAMPLING
    voice: Samples | None = None
    seed: int | None = None
    answers: ContinuousBatch = field(default_factory=ContinuousBatch)

    def __post_init__(self) -> None:
        check_context_size(self.context_tokens, self.model)

    @property
    def can(self) -> Capabilities:
        return Capabilities(hears=True, sees=True, speaks=isinstance(self.model.voice, VoiceO26))

    @property
    def remark(self) -> str:
        return "" if self.can.speaks else NO_VOICE_REMARK

    def __call__(self) -> MiniCPMO26Engine:
        return MiniCPMO26Engine(self)

    def measure_units(self) -> TurnCost:
        """Measure what a second of listening and of answering costs here for several sessions.

        Takes some seconds, on the model's thread.
        """
        return measure_turns(self.model, self.context_tokens, speaks=self.can.speaks)

    def compute_batch(self, units: Sequence[tuple[MiniCPMO26Engine, UnitBlock]]) -> list[UnitAnswer | Exception]:
        return run_batch([engine.steps(unit) for engine, unit in units])


class MiniCPMO26Engine(RewindableEngine[SessionO26]):
    """One session. What a step changes is written on the model's thread, the conversation log included."""

    def __init__(self, shared: MiniCPMO26Model) -> None:
        self.can = shared.can
        self._shared, self._run, self._model = shared, shared.runner, shared.model
        self._session: SessionO26 | None = None  # made by the first step: a cache is large
        self._introduction = INTRODUCTIONS["en"]
        self._recap = Recap(shared.context_tokens // RECAP_SHARE, self._tokens)
        self._recap_in_context = ""  # the recap as it stands in the context
        self._conversation_log = SpokenConversationLog()
        self._marks: SessionMarks[SessionO26] = SessionMarks(self._conversation_log)
        self._replied = False  # whether the context ends with a reply as the model generated it
        self._units = 0
        self._use = ContextUse({}, shared.context_tokens)
        self._generator = generator_for(shared.model, shared.seed)

    def speak_to(self, language: str) -> None:
        self._introduction = INTRODUCTIONS.get(language, self._introduction)

    async def feed(self, block: Block) -> None:
        """Partial transcripts and scenes of the detector are ignored. Raises BadInput for an unusable picture."""
        match block:
            case SystemBlock(text):
                self._introduction = replace(self._introduction, instruction=self._model.words.plain(text))
            case UnitBlock():
                await self._run(run_alone, self.steps(block))
            case PictureBlock(rgb, at):
                await self._run(self._prefill, [EncodedPicture(rgb, block.max_slices or self._slices)], Moment(at, at))
            case SoundBlock(samples, start):
                await self._run(self._prefill_seconds, samples, start)
            case TextBlock(text) if text.strip():
                await self._run(self._prefill_text, block)
            case TranscriptBlock():
                await self._run(self._conversation_log.add, block)
            case ReplyBlock():
                await self._run(self._close_turn, block)

    def steps(self, unit: UnitBlock) -> Steps[UnitAnswer]:
        """The steps of one unit, on the model's thread. Raises BadInput for an unusable picture."""
        parts: list[Part] = (
            [] if unit.rgb is None else ["<unit>", EncodedPicture(unit.rgb, self._slices if unit.fine else 1)]
        )
        if len(unit.samples) >= WINDOW:
            parts.append(EncodedSound(unit.samples))
        if unit.text:
            parts.append(self._plain(unit.text))
        if parts:
            yield from self._prefill_steps(parts, Moment(unit.start, unit.start + len(unit.samples) / RATE, unit.text))
        self._units += 1
        return UnitAnswer(self._units - 1)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """The answer to the last input, each text before its sound; empty where there was no input."""
        session = self._session
        if session is None or not session.asked:
            return
        self._replied = True
        answers = self._shared.answers
        stream = answers.join(self._answer(session))
        try:
            while (deltas := await self._run(answers.run_turn, stream)) is not None:
                for delta in deltas:
                    yield delta if isinstance(delta, TextDelta) else SoundDelta(delta.float().numpy(), VOICE_RATE)
        finally:
            answers.leave(stream)

    async def break_off(self, characters: int, heard_s: float) -> None:
        raise AssertionError("This engine is rewound and fed a ReplyBlock instead; see Engine.")

    def context(self) -> ContextUse:
        return self._use

    def _open_session(self) -> SessionO26:
        if self._session is None:
            capacity = self._shared.context_tokens
            self._session = SessionO26(self._model, capacity, room=min(MAX_REPLY_TOKENS, capacity // 4))
            voice, words = self._shared.voice, self._introduction
            if voice is None:
                self._session.introduce([f"{words.instruction}{words.space}{OWN_VOICE}"])
            else:
                first = f"{words.instruction}{words.space}{words.clone_prefix}"
                self._session.introduce([first, EncodedSound(voice), words.clone_suffix])
        return self._session

    def _prefill(self, parts: Sequence[Part], moment: Moment) -> None:
        run_alone(self._prefill_steps(parts, moment))

    def _prefill_steps(self, parts: Sequence[Part], moment: Moment) -> Steps[None]:
        session = self._open_session()
        try:
            yield from session.hear_steps(parts, moment)
        except ValueError as error:
            raise BadInput(f"The picture cannot be used: {error}") from error
        self._replied = False
        self._measure(session)

    def _prefill_seconds(self, samples: Samples, at: float) -> None:
        for start in range(0, len(samples), RATE):
            if len(second := samples[start : start + RATE]) >= WINDOW:
                began = at + start / RATE
                self._prefill([EncodedSound(second)], Moment(began, began + len(second) / RATE))

    def _prefill_text(self, block: TextBlock) -> None:
        self._prefill([self._plain(block.text)], Moment(block.start, block.end, block.text))
        self._conversation_log.add(block)

    def _close_turn(self, block: ReplyBlock) -> None:
        session = self._open_session()
        if not self._replied:
            session.remember(block.text, whole=not block.cut)
        session.annotate_reply(block.text, block.start, block.end)
        self._conversation_log.add(block)
        self._marks.clear()  # a closed turn is not rewound
        self._measure(session)
        self._update_recap(session)

    def _update_recap(self, session: SessionO26) -> None:
        """Write the recap again if words have left the context since. The turn is over, so latency does not matter."""
        if self._recap.text != self._recap_in_context:
            self._recap_in_context = self._recap.text
            session.set_recap(self._recap_in_context)
            self._measure(session)

    def _tokens(self, text: str) -> int:
        return len(self._model.words.encode(text, begin=False))

    def _forget_reply(self) -> None:
        self._replied = False

    def _measure(self, session: SessionO26) -> None:
        self._recap.add(self._conversation_log.left(session.take_evicted()))
        self._use = session.ledger.use()

    def _plain(self, text: str) -> str:
        words = self._model.words
        return words.plain(shortened(words, text, min(MAX_TEXT_TOKENS, self._shared.context_tokens // 4))[0])

    @property
    def _slices(self) -> int:
        """Slices of a picture that is sent alone: it takes a quarter of the context at most."""
        assert self._model.vision is not None
        return min(MAX_SLICES, max(1, self._shared.context_tokens // 4 // self._model.vision.queries - 1))

    def _answer(self, session: SessionO26) -> Stream[TextDelta | Tensor]:
        """Text as it is generated, and its sound as soon as there is enough text."""
        limit = min(MAX_REPLY_TOKENS, self._shared.context_tokens // 4)
        answer = ReplyStream(session, limit, self._shared.sampling, self._generator)
        words, stops, speaker = TextStream(self._model.words), self._model.stops(), None
        while (step := (yield from answer.next_steps())) is not None:
            speaker = speaker or self._speaker(session)
            if step.token not in stops and (text := words.add([step.token])):
                yield from _text_and_sound(text, speaker)
        if text := words.end():
            yield from _text_and_sound(text, speaker)
        if speaker is not None:
            yield from speaker.end()
        self._measure(session)

    def _speaker(self, session: SessionO26) -> SpeechStreamO26 | None:
        voice = self._model.voice
        if session.speaker is None or not isinstance(voice, VoiceO26):
            return None
        return SpeechStreamO26(voice, session.speaker, self._generator)


def _text_and_sound(text: str, speaker: SpeechStreamO26 | None) -> Stream[TextDelta | Tensor]:
    yield Output(TextDelta(text))
    if speaker is not None:
        yield from speaker.add(text)
