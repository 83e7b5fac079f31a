"""Carries out what `turns` decides: on the outgoing sound at once, on the mind by orders in their sequence.

The one place where a decision becomes deeds; hearing and controlling both go through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dialogue.blocks import PartialBlock
from stream.perception.caption_transcriber import CaptionTranscriber, Utterance
from stream.perception.heard_sound import AudioBuffer
from stream.perception.unit_feed import UnitFeed
from stream.perception.watching import FrameWatching
from stream.playout.playback import Playback
from stream.replies.answering import (
    CloseReply,
    CutReply,
    ForgetTurn,
    GiveReply,
    Order,
    PartialHeard,
    PrepareReply,
    TakeUnits,
    VoidReply,
)
from stream.replies.reply import Announcement, Question, SpokenQuestion, TypedQuestion
from stream.runtime.clock import SoundClock
from stream.runtime.events import State, StateChanged, UserCaption
from stream.runtime.lanes import BlockingQueue
from stream.runtime.link import Link
from stream.turns.turns import (
    Answer,
    Begin,
    Decision,
    Drop,
    Hold,
    Phase,
    Prepare,
    Release,
    Retract,
    Turns,
    UserDone,
    Yield,
)

# Speech is noticed a little after it began: its first consonant lies before the moment of decision, as its last one
# may lie behind.
PRE_ROLL_S = 0.3

# What the far end's jitter buffer and sound card add until the page has reported its own figure.
PLAYOUT_GUESS_S = 0.08


class Floor:
    """The state of the conversation between ears, mind and mouth of one session."""

    def __init__(
        self,
        orders: BlockingQueue[Order],
        playback: Playback,
        watching: FrameWatching,
        link: Link,
        sound: AudioBuffer | None = None,
        turns: Turns | None = None,
        feed: UnitFeed | None = None,
        sound_clock: SoundClock | None = None,
        caption_transcriber: CaptionTranscriber | None = None,
    ) -> None:
        self.turns = turns or Turns()
        self._orders, self._playback, self._watching, self._link = orders, playback, watching, link
        self.sound = sound or AudioBuffer()
        self.sound_clock = sound_clock or SoundClock()
        self._feed = feed  # of an engine that hears
        self._caption_transcriber = caption_transcriber  # of one that hears, where captions are wanted
        self.playout_s = PLAYOUT_GUESS_S
        self._began_at = 0.0  # of the user's present turn, on the clock of the sound
        self._state = State.LISTENING
        self.quiet = asyncio.Event()  # while nobody has the floor
        self.quiet.set()

    async def carry_out(self, decisions: Iterable[Decision]) -> None:
        """In order. Sound stops before this waits for anything."""
        for decision in decisions:
            await self._deed(decision)
        self.show_state()

    async def _deed(self, decision: Decision) -> None:
        order = self._orders.put
        match decision:
            case Begin(_, at):
                self._began_at = at
                self._watching.ask()
                if self._feed is not None and not self._feed.always:
                    self._feed.begin(self.said_so_far()[0])
            case Prepare(turn, last_speech_at):
                await order(PrepareReply(turn, self._question(last_speech_at)))
            case Answer(turn, last_speech_at):
                self._write_down(turn, last_speech_at)
                await order(GiveReply(turn, self._question(last_speech_at)))
            case UserDone(turn, last_speech_at):
                self._write_down(turn, last_speech_at)
            case Retract(turn):
                self._take_back(turn)
                self._playback.drop(turn)
                if self._feed is not None:
                    self._feed.again()
                await order(VoidReply(turn))
            case Drop(turn):
                self._take_back(turn)
                self._link.emit(UserCaption(turn, "", final=True))
                await order(ForgetTurn(turn))
            case Hold():
                self._playback.hold()
            case Release():
                self._playback.release()
            case Yield(turn):
                heard = self._playback.heard_characters(turn, self.playout_s)
                self._playback.drop(turn)
                await order(CutReply(turn, heard))

    async def heard(self) -> None:
        """More of `sound` has come in, and was listened to."""
        if self._feed is None:
            return
        if self._feed.always:
            self._feed.cut()
            self.show_state()
        elif self.turns.user_speaks and self._feed.cut():
            await self._orders.put(TakeUnits(self.turns.turn))

    @property
    def counts_seconds(self) -> bool:
        """Whether an engine is given every second of the call, be there sound or not."""
        return self._feed is not None and self._feed.always

    @property
    def deaf(self) -> bool:
        """Whether an engine that is given every second may not hear this one: the push-to-talk key is up."""
        return self.counts_seconds and not self.turns.hands_free and not self.turns.user_speaks

    async def type(self, text: str) -> None:
        """A typed message takes the floor and is answered at once."""
        decisions = self.turns.type(self._link.now())
        self._watching.ask()
        await self.carry_out([decision for decision in decisions if not isinstance(decision, Answer)])
        await self._orders.put(GiveReply(self.turns.turn, TypedQuestion(text, self._link.now())))
        self.show_state()

    async def announce(self, announcement: Announcement) -> bool:
        """Say something unasked, if nobody has the floor; whether it will be said."""
        if not self.turns.announce(self._link.now()):
            return False
        await self._orders.put(GiveReply(self.turns.turn, announcement))
        self.show_state()
        return True

    async def overhear(self, turn: int, text: str) -> None:
        """A partial transcript of the open turn."""
        if self.turns.user_speaks and turn == self.turns.turn:
            self._link.emit(UserCaption(turn, text, final=False))
            await self._orders.put(PartialHeard(PartialBlock(text, self.sound_clock.at(self._began_at))))

    async def finish(self, turn: int) -> None:
        """The last sound of our reply has been heard."""
        if self.turns.phase is Phase.OURS and turn == self.turns.turn:
            await self._orders.put(CloseReply(turn))
            await self.carry_out(self.turns.finished(turn))

    def said_so_far(self) -> tuple[float, float]:
        """Start and end of the user's open turn, in seconds of the sound."""
        return max(0.0, self._began_at - PRE_ROLL_S), self.sound.end_s

    def _question(self, last_speech_at: float) -> Question:
        start, end = self.said_so_far()
        at = self.sound_clock.at
        rest = self._feed.rest(end) if self._feed is not None else None
        return SpokenQuestion(self.sound.between(start, end), at(self._began_at), at(last_speech_at), rest)

    def _write_down(self, turn: int, last_speech_at: float) -> None:
        if self._caption_transcriber is not None:
            start, at = self.said_so_far()[0], self.sound_clock.at
            samples = self.sound.between(start, last_speech_at + PRE_ROLL_S)
            self._caption_transcriber.write(Utterance(turn, samples, at(self._began_at), at(last_speech_at)))

    def _take_back(self, turn: int) -> None:
        if self._caption_transcriber is not None:
            self._caption_transcriber.take_back(turn)

    def show_state(self) -> None:
        """Tells the page who does what, when it has changed."""
        if self.turns.user_speaks:
            state = State.HEARING
        elif self.turns.phase is Phase.YOURS:
            state = State.LISTENING
        else:
            state = State.SPEAKING if self._playback.sent_s(self.turns.turn) else State.THINKING
        (self.quiet.set if state is State.LISTENING else self.quiet.clear)()
        if state is not self._state:
            self._state = state
            self._link.emit(StateChanged(state, self._link.now()))
