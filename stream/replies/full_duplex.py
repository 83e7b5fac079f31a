"""Stage: runs an engine that decides every second whether to listen or to speak. Replaces `ReplyController`.

A unit is fed as soon as it is whole, and what the engine says in it is played at once. On an interruption the sound has
stopped before the order comes here; then the running unit is awaited, the engine receives how much was heard, and
for some units it is forced to listen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from audio.chunk import Samples
from audio.phrases import PhraseSplitter
from audio.resample import Resampler
from dialogue.blocks import ReplyBlock
from dialogue.engine import SoundDelta, UnitAnswer
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.units.unit_prefill import UnitPrefill
from stream.playout.playback import AudioPiece, Playback
from stream.playout.speech_synthesis import SpeechSynthesis
from stream.playout.speech_text_alignment import spread
from stream.replies.orders import (
    INSTRUCTION_LATE,
    InstructionSet,
    Order,
    PartialHeard,
    ReplyShortened,
    SceneChanged,
    ThingShown,
    UnitsReady,
)
from stream.runtime.budget import TurnTiming
from stream.runtime.events import ContextShown, ReplyEnded, ReplyText, UnitDecided, UserCaption
from stream.runtime.queues import BlockingQueue
from stream.showing.shown_book import ShownBook
from stream.turns.decisions import Answer, Decision, Drop, Duck, Finish, Prepare, Retract, TypedQuestion, Yield
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.events import EngineSpoke, TurnEvent

# Units for which the engine is forced to listen after an interruption, counted once the user has stopped speaking.
LISTEN_UNITS = 2


@dataclass(eq=False)
class DuplexReply:
    """A reply from the first unit in which the engine speaks until it was heard to its end or cut."""

    turn: int
    timing: TurnTiming
    said: str = ""
    unsounded: str = ""  # text whose sound was not produced yet
    committed: bool = True
    splitter: PhraseSplitter = field(default_factory=PhraseSplitter)
    resampler: Resampler | None = None


class FullDuplex:
    """The reply stage of one session, for a duplex engine. `take` has an event of `turns` decided."""

    def __init__(
        self,
        *,
        orders: BlockingQueue[Order],
        unit_prefill: UnitPrefill,
        turns: DuplexTurns,
        take: Callable[[TurnEvent], list[Decision]],
        sound: AudioBuffer,
        speech: SpeechSynthesis,
        playback: Playback,
        shown: ShownBook,
    ) -> None:
        self._unit_prefill, self._engine, self._link = unit_prefill, unit_prefill.engine, unit_prefill.link
        self._turns, self._take = turns, take
        self._sound, self._speech, self._playback = sound, speech, playback
        self._orders, self._shown = orders, shown
        self.reply: DuplexReply | None = None
        self._engine_free = asyncio.Lock()
        self._interrupted = False  # set until the engine knows of the interruption
        self._listen_units = 0  # next units in which the engine may not speak

    async def run(self) -> None:
        """Runs until cancelled. Raises what the engine raises."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._process_units(), name="units")
            while True:
                await self._carry_out(await self._orders.get())

    async def _process_units(self) -> None:
        while True:
            unit = await self._unit_prefill.feed.queue.get()
            async with self._engine_free:
                listen = self._must_listen()
                answer = await self._unit_prefill.take(unit, listen=listen)
            if answer is None:
                continue
            self._link.emit(UnitDecided(answer.number, not answer.listening, listen, answer.left))
            self._link.emit(ContextShown(self._engine.context()))
            if not answer.listening and not self._interrupted:
                await self._say(answer)

    def _must_listen(self) -> bool:
        if self._listen_units and not self._turns.user_speaks:
            self._listen_units -= 1
            return True
        key_down = not self._turns.hands_free and self._turns.user_speaks
        return bool(self._listen_units) or key_down

    async def _carry_out(self, order: Order) -> None:
        match order:
            case Answer(turn, TypedQuestion(text)):
                self._link.emit(UserCaption(turn, text, final=True, typed=True))
                self._unit_prefill.feed.write(text)
            case Yield(turn, heard, heard_s):
                if self._is(turn):
                    await self._cut(heard, heard_s)
            case Finish(turn):
                if self._is(turn):
                    await self._close()
            case ThingShown():
                self._unit_prefill.feed.show(self._shown.take_blocks())
            case Drop() | UnitsReady() | PartialHeard() | SceneChanged() | ReplyShortened():
                pass  # the engine gets every second anyway
            case InstructionSet():
                self._link.emit(INSTRUCTION_LATE)
            case Answer() | Prepare() | Retract():
                raise AssertionError(f"A duplex engine is asked nothing: {order}")
            case _:
                assert_never(order)

    def _is(self, turn: int) -> bool:
        return self.reply is not None and self.reply.turn == turn

    async def _cut(self, heard_characters: int, heard_s: float) -> None:
        self._interrupted, self._listen_units = True, LISTEN_UNITS
        async with self._engine_free:
            reply, self.reply = self.reply, None
            assert reply is not None
            await self._engine.break_off(heard_characters, heard_s)
            heard = reply.said[:heard_characters]
            await self._engine.feed(ReplyBlock(heard, reply.timing.stopped_at, self._link.now(), cut=True))
            self._interrupted = False
        self._link.emit(ReplyEnded(reply.turn, reply.said, heard, cut=True))
        self._link.emit(ContextShown(self._engine.context()))

    async def _close(self) -> None:
        async with self._engine_free:
            reply, self.reply = self.reply, None
            assert reply is not None
            now = self._link.now()
            await self._engine.feed(ReplyBlock(reply.said, reply.timing.stopped_at, now))
        self._link.emit(ReplyEnded(reply.turn, reply.said, reply.said, cut=False))

    async def _say(self, answer: UnitAnswer) -> None:
        if not answer.text and answer.sound is None and self.reply is None:
            return  # the engine took the floor and has said nothing yet
        reply = self.reply or self._begin()
        self._playback.go_on(reply.turn)  # a finished reply may go on before its end was heard
        if answer.text:
            reply.timing.mark("first_token", self._link.now())
            reply.said += answer.text
            self._link.emit(ReplyText(reply.turn, answer.text))
        if self._engine.can.speaks:
            self._play_own_sound(reply, answer)
        else:
            for phrase in [*reply.splitter.push(answer.text), *(reply.splitter.flush() if answer.turn_over else ())]:
                reply.timing.mark("first_phrase", self._link.now())
                self._add(reply, await self._speech.say(phrase))
        if answer.turn_over:
            self._playback.complete(reply.turn)

    def _begin(self) -> DuplexReply:
        decisions = self._take(EngineSpoke(self._sound.end_s))
        now = self._link.now()
        waited = self._unit_prefill.clock.at(self._turns.spoke_until)
        reply = self.reply = DuplexReply(self._turns.turn, TurnTiming(waited if self._turns.asked else now))
        reply.timing.mark("turn_decided", now)
        self._playback.start(reply.turn)
        if any(isinstance(decision, Duck) for decision in decisions):
            self._playback.hold()  # the user is speaking: nothing of it is heard until that is over
        else:
            self._playback.open(reply.turn)
        return reply

    def _play_own_sound(self, reply: DuplexReply, answer: UnitAnswer) -> None:
        """Plays the engine's own sound, with the text that came since its last sound."""
        reply.unsounded += answer.text
        if answer.sound is not None:
            self._add(reply, self._piece(reply, answer.sound))
        if answer.turn_over and reply.resampler is not None:
            rest = reply.resampler.flush()
            self._add(reply, spread(reply.unsounded, rest, self._playback.rate))
            reply.unsounded = ""

    def _piece(self, reply: DuplexReply, sound: SoundDelta) -> AudioPiece:
        text, reply.unsounded = reply.unsounded, ""
        return spread(text, self._resampled(reply, sound), self._playback.rate)

    def _resampled(self, reply: DuplexReply, sound: SoundDelta) -> Samples:
        reply.resampler = reply.resampler or Resampler(sound.rate, self._playback.rate)
        return reply.resampler.push(sound.samples)

    def _add(self, reply: DuplexReply, piece: AudioPiece) -> None:
        """Adds to playback, which ignores it once the turn was cut."""
        reply.timing.mark("first_sound_made", self._link.now())
        self._playback.add(reply.turn, piece)
