"""One turn's answer, from the user's words to sound in the outgoing queue. Nothing of it shows before `commit`.

A reply may be prepared while the user's pause is still short; whoever owns it cancels its task, waits, and rewinds
the engine when the user goes on. Runs as one task; knows nothing of who has the floor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from audio.chunk import Samples
from audio.models import Recogniser
from audio.phrases import PhraseSplitter
from audio.resample import Resampler
from dialogue.blocks import PictureBlock, TextBlock
from dialogue.engine import Engine, Listening, Mark, SoundDelta, TextDelta
from stream.perception.interleave import Unit
from stream.perception.turn_detection import TurnDetection
from stream.perception.unit_prefill import UnitPrefill
from stream.perception.watching import FrameWatching
from stream.playout.playback import AudioPiece, Playback
from stream.playout.speaking import SpeechSynthesis
from stream.playout.speech_text_alignment import SpeechTextAlignment
from stream.replies.reminder_book import ReminderBook
from stream.runtime.budget import TurnTiming
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Expressed, ReplyRecalled, ReplyText, UserCaption
from stream.runtime.lanes import BlockingQueue, QueueClosed
from stream.runtime.link import Link

# Sound made ahead of the ears: more would be thrown away at the next interruption.
AHEAD_S = 12.0
# How long an answer waits for a look that was asked for when the user began.
PATIENCE_SPOKEN_S = 0.15
PATIENCE_TYPED_S = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class SpokenQuestion:
    """What was said from `began_at` to `stopped_at` (session clock), as sound at 16 kHz."""

    samples: Samples
    began_at: float
    stopped_at: float
    rest: Unit | None = None  # what an engine that hears has not heard of it as whole units


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    text: str
    began_at: float

    @property
    def stopped_at(self) -> float:
        return self.began_at


@dataclass(frozen=True, slots=True, eq=False)
class Announcement:
    """No question: `text` is said unasked. `over` is told in the end whether anything of it was heard."""

    text: str
    began_at: float
    over: Callable[[bool], None]

    @property
    def stopped_at(self) -> float:
        return self.began_at


Question = SpokenQuestion | TypedQuestion | Announcement


@dataclass(frozen=True)
class ReplyDependencies:
    """Who helps to make a session's replies."""

    engine: Engine
    transcriber: Recogniser | None  # None where nobody needs words
    asr: DeviceThread
    speaking: SpeechSynthesis
    watching: FrameWatching
    playback: Playback
    link: Link
    unit_prefill: UnitPrefill | None = None  # of an engine that hears
    reminders: ReminderBook | None = None  # for an engine that takes tools
    endpointing: TurnDetection | None = None  # where words have a say in when a turn ends


class Reply:
    """The answer to one question. `run` is its task; the marks tell where the engine stood around the question."""

    def __init__(self, turn: int, question: Question, dependencies: ReplyDependencies) -> None:
        self.turn, self.question, self._deps = turn, question, dependencies
        self.timing = TurnTiming(question.stopped_at, asked=not isinstance(question, Announcement))
        self.user_text = ""
        self.said = ""
        self.before_question: Mark | None = None
        self.before_reply: Mark | None = None
        self.committed = False
        self._decided = asyncio.Event()
        self._unshown: list[Expressed] = []
        self._phrases: BlockingQueue[str] = BlockingQueue(16)
        dependencies.playback.start(turn)

    async def run(self) -> None:
        """Raises what the engine raises. Cancelling stops within one token and one phrase."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._speak(), name=f"speak-{self.turn}")
            await self._think(tasks)
            self._phrases.close()

    def commit(self) -> None:
        """The turn is decided: show what there is, let the sound out, and everything after it as it comes."""
        self.committed = True
        self._decided.set()
        self.timing.mark("turn_decided", self._deps.link.now())
        for event in self._unshown:
            self._deps.link.emit(event)
        self._unshown.clear()
        self._deps.playback.open(self.turn)

    async def decided(self) -> None:
        """Until `commit`."""
        await self._decided.wait()

    def _show(self, event: Expressed) -> None:
        if self.committed:
            self._deps.link.emit(event)
        else:
            self._unshown.append(event)

    async def _think(self, tasks: asyncio.TaskGroup) -> None:
        match self.question, self._deps.unit_prefill:
            case Announcement(text), _:
                await self._announce(text)
                return
            case SpokenQuestion(rest=Unit() as rest), UnitPrefill() as unit_prefill:
                self.before_question = await self._deps.engine.mark()
                await unit_prefill.take(rest)
            case _:
                await self._ask(tasks)
                if not self.user_text:
                    return
        self.before_reply = await self._deps.engine.mark()
        await self._take_down()

    async def _announce(self, text: str) -> None:
        self.before_question = self.before_reply = await self._deps.engine.mark()
        self._write(text)
        splitter = PhraseSplitter()
        for phrase in [*splitter.push(text), *splitter.flush()]:
            await self._pass_on(phrase)

    async def _ask(self, tasks: asyncio.TaskGroup) -> None:
        """In words; with none, nothing was asked."""
        self.user_text = await self._words()
        self.timing.mark("transcript", self._deps.link.now())
        typed = isinstance(self.question, TypedQuestion)
        self._show(UserCaption(self.turn, self.user_text, final=True, typed=typed))
        if not self.user_text:
            return
        engine, endpointing = self._deps.engine, self._deps.endpointing
        if endpointing is not None and not self.committed:
            tasks.create_task(endpointing.weigh(self.user_text), name=f"weigh-{self.turn}")
        self.before_question = await engine.mark()
        await self._feed_scene()
        await engine.feed(TextBlock(self.user_text, self.question.began_at, self.question.stopped_at, typed))

    async def _words(self) -> str:
        match self.question:
            case TypedQuestion(text) | Announcement(text):
                return text
            case SpokenQuestion(samples):
                assert self._deps.transcriber is not None, "an engine that cannot hear needs a transcriber"
                return (await self._deps.asr.run(self._deps.transcriber.transcribe, samples)).text

    async def _feed_scene(self) -> None:
        watching, engine = self._deps.watching, self._deps.engine
        typed = isinstance(self.question, TypedQuestion)
        scene = await watching.fresh(self.question.began_at, PATIENCE_TYPED_S if typed else PATIENCE_SPOKEN_S)
        if not engine.can.sees:
            await engine.feed(scene)
        elif watching.camera and watching.newest is not None:
            await engine.feed(PictureBlock(watching.newest.rgb, watching.newest.at))

    async def _take_down(self) -> None:
        """The engine's reply, delta by delta."""
        splitter, alignment = PhraseSplitter(), SpeechTextAlignment()
        resampler: Resampler | None = None
        async with aclosing(self._deps.engine.reply()) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                match delta:
                    case TextDelta(text, recalled):
                        if recalled is not None:
                            self._show(ReplyRecalled(self.turn, recalled))
                        self._write(text)
                        if self._deps.engine.can.speaks:
                            alignment.write(text)
                        else:
                            for phrase in splitter.push(text):
                                await self._pass_on(phrase)
                    case SoundDelta(samples, rate):
                        resampler = resampler or Resampler(rate, self._deps.playback.rate)
                        self._sound(alignment.piece(resampler.push(samples), resampler.rate_out))
                        await self._not_too_far_ahead()
                    case Listening():
                        break
        if resampler is not None:
            self._sound(alignment.end(resampler.flush(), resampler.rate_out))
        for phrase in splitter.flush():
            await self._pass_on(phrase)

    async def _not_too_far_ahead(self) -> None:
        await asyncio.sleep(max(0.0, self._deps.playback.waiting_s() - AHEAD_S))

    def _write(self, text: str) -> None:
        self.timing.mark("first_token", self._deps.link.now())
        self.said += text
        self._show(ReplyText(self.turn, text))

    async def _pass_on(self, phrase: str) -> None:
        self.timing.mark("first_phrase", self._deps.link.now())
        await self._phrases.put(phrase)

    async def _speak(self) -> None:
        try:
            while True:
                self._sound(await self._deps.speaking.say(await self._phrases.get()))
                await self._not_too_far_ahead()
        except QueueClosed:
            self._deps.playback.complete(self.turn)

    def _sound(self, piece: AudioPiece) -> None:
        self.timing.mark("first_sound_made", self._deps.link.now())
        self._deps.playback.add(self.turn, piece)
