"""Carries out the decisions of `turns`: on playback at once, on the reply stage by orders in sequence.

Decisions take effect only here; audio perception and session controls both go through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dialogue.blocks import PartialBlock
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.caption_transcriber import CaptionTranscriber, Utterance
from stream.perception.unit_feed import UnitFeed
from stream.perception.video_perception import VideoPerception
from stream.playout.playback import Playback
from stream.replies.orders import (
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
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue
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

# VAD detects speech a little after its onset, so this much sound before the onset is included; as much is added after
# the last speech for captions.
PRE_ROLL_S = 0.3

# Delay of the far end's jitter buffer and sound card, until the page reports a measured value.
PLAYOUT_GUESS_S = 0.08


class Floor:
    """The floor of one session: its turn-taking state, its sound so far, and what follows from decisions."""

    def __init__(
        self,
        *,
        orders: BlockingQueue[Order],
        playback: Playback,
        video: VideoPerception,
        link: Link,
        sound: AudioBuffer,
        sound_clock: SoundClock,
        turns: Turns,
        unit_feed: UnitFeed | None,
        caption_transcriber: CaptionTranscriber | None,
    ) -> None:
        self.sound, self.sound_clock, self.turns = sound, sound_clock, turns
        self._orders, self._playback, self._video, self._link = orders, playback, video, link
        self._feed = unit_feed  # for an engine that hears
        self._caption_transcriber = caption_transcriber  # for an engine that hears
        self.playout_s = PLAYOUT_GUESS_S
        self._began_at = 0.0  # of the user's current turn, on the clock of the sound
        self._state = State.LISTENING
        self.quiet = asyncio.Event()  # set while the floor is free
        self.quiet.set()

    async def carry_out(self, decisions: Iterable[Decision]) -> None:
        """Carries out decisions in order. Playback stops before this awaits anything."""
        for decision in decisions:
            await self._carry_out_one(decision)
        self.show_state()

    async def _carry_out_one(self, decision: Decision) -> None:
        order = self._orders.put
        match decision:
            case Begin(_, at):
                self._began_at = at
                self._video.ask()
                if self._feed is not None and not self._feed.always:
                    self._feed.begin(self.said_so_far()[0])
            case Prepare(turn, last_speech_at):
                await order(PrepareReply(turn, self._question(last_speech_at)))
            case Answer(turn, last_speech_at):
                self._caption(turn, last_speech_at)
                await order(GiveReply(turn, self._question(last_speech_at)))
            case UserDone(turn, last_speech_at):
                self._caption(turn, last_speech_at)
            case Retract(turn):
                self._void_caption(turn)
                self._playback.drop(turn)
                if self._feed is not None:
                    self._feed.recut()
                await order(VoidReply(turn))
            case Drop(turn):
                self._void_caption(turn)
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
        """More of `sound` came in and went through VAD: cuts units and orders them."""
        if self._feed is None:
            return
        if self._feed.always:
            self._feed.cut()
            self.show_state()
        elif self.turns.user_speaks and self._feed.cut():
            await self._orders.put(TakeUnits(self.turns.turn))

    @property
    def takes_every_second(self) -> bool:
        """Whether the engine gets every second of the call, with sound or without."""
        return self._feed is not None and self._feed.always

    @property
    def deaf(self) -> bool:
        """Whether an engine that gets every second gets silence now: the push-to-talk key is up."""
        return self.takes_every_second and not self.turns.hands_free and not self.turns.user_speaks

    async def type(self, text: str) -> None:
        """Takes the floor for a typed message and has it answered at once."""
        decisions = self.turns.type(self._link.now())
        self._video.ask()
        await self.carry_out([decision for decision in decisions if not isinstance(decision, Answer)])
        await self._orders.put(GiveReply(self.turns.turn, TypedQuestion(text, self._link.now())))
        self.show_state()

    async def announce(self, announcement: Announcement) -> bool:
        """Says something unprompted if the floor is free. Returns whether it will be said."""
        if not self.turns.announce(self._link.now()):
            return False
        await self._orders.put(GiveReply(self.turns.turn, announcement))
        self.show_state()
        return True

    async def show_partial(self, turn: int, text: str) -> None:
        """Shows a partial transcript of the open turn and has it prefilled."""
        if self.turns.user_speaks and turn == self.turns.turn:
            self._link.emit(UserCaption(turn, text, final=False))
            await self._orders.put(PartialHeard(PartialBlock(text, self.sound_clock.at(self._began_at))))

    async def finish(self, turn: int) -> None:
        """Closes the turn: the last sound of the reply was heard."""
        if self.turns.phase is Phase.OURS and turn == self.turns.turn:
            await self._orders.put(CloseReply(turn))
            await self.carry_out(self.turns.finished(turn))

    def said_so_far(self) -> tuple[float, float]:
        """Start and end of the user's open turn, in seconds on the clock of the sound."""
        return max(0.0, self._began_at - PRE_ROLL_S), self.sound.end_s

    def _question(self, last_speech_at: float) -> Question:
        start, end = self.said_so_far()
        at = self.sound_clock.at
        rest = self._feed.rest(end) if self._feed is not None else None
        return SpokenQuestion(self.sound.between(start, end), at(self._began_at), at(last_speech_at), rest)

    def _caption(self, turn: int, last_speech_at: float) -> None:
        if self._caption_transcriber is not None:
            start, at = self.said_so_far()[0], self.sound_clock.at
            samples = self.sound.between(start, last_speech_at + PRE_ROLL_S)
            self._caption_transcriber.write(Utterance(turn, samples, at(self._began_at), at(last_speech_at)))

    def _void_caption(self, turn: int) -> None:
        if self._caption_transcriber is not None:
            self._caption_transcriber.take_back(turn)

    def show_state(self) -> None:
        """Emits the state where it has changed."""
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
