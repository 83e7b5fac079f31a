"""Carries out the decisions of `stream.turns`: on playback and captions at once, on the reply stage in sequence.

Events of turn-taking come in here and take effect only here; audio perception, playout and session controls all go
through it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import assert_never

from dialogue.blocks import PartialBlock
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.caption_transcriber import CaptionTranscriber, Utterance
from stream.perception.units.overhearing import Overhearing, WordsSoFar
from stream.perception.units.unit_feed import UnitFeed
from stream.perception.video_perception import VideoPerception
from stream.playout.playback import Playback
from stream.recording.flight_recorder import FlightRecorder
from stream.replies.orders import Order, PartialHeard, ReplyDecision, ReplyShortened, UnitsReady
from stream.runtime.events import PlayoutMeasured, State, StateChanged, UserCaption
from stream.runtime.given import ReplyTruncated
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue
from stream.runtime.spoken import VoiceDucked
from stream.turns.decisions import (
    Announcement,
    Answer,
    Begin,
    Decision,
    Drop,
    Duck,
    Finish,
    PendingQuestion,
    Prepare,
    Question,
    Restore,
    Retract,
    SpokenQuestion,
    Suspend,
    TypedQuestion,
    UserDone,
    Yield,
)
from stream.turns.events import TurnEvent
from stream.turns.turns import Phase

AFTER_SPEECH_S = 0.3  # sound after the last speech that captions include

# Delay of the network and the far end's jitter buffer and sound card, until the page reports a measured value.
PLAYOUT_GUESS_S = 0.08
PLAYOUT_RANGE_S = (0.0, 1.0)


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
        flight: FlightRecorder,
        unit_feed: UnitFeed | None,
        caption_transcriber: CaptionTranscriber | None,
        overhearing: Overhearing | None,
    ) -> None:
        self.sound, self.sound_clock, self.turns = sound, flight.sound_clock, flight.turns
        self._orders, self._playback, self._video, self._link = orders, playback, video, link
        self._flight = flight
        self._feed = unit_feed  # for an engine that hears
        self._caption_transcriber, self._overhearing = caption_transcriber, overhearing  # for an engine that hears
        self.playout_s = self._buffered_s = PLAYOUT_GUESS_S
        self._state = State.LISTENING
        self.quiet = asyncio.Event()  # set while the floor is free
        self.quiet.set()
        self.quiet_since = float("-inf")  # when the floor became free, on the session clock

    async def take(self, event: TurnEvent) -> list[Decision]:
        """Has `event` decided and the decisions carried out, in order. Returns them.

        Playback stops before this awaits anything.
        """
        decisions = self._flight.take(event)
        for decision in decisions:
            await self._carry_out(decision)
        if decisions:
            self.show_state()
        return decisions

    async def _carry_out(self, decision: Decision) -> None:
        match decision:
            case Begin(_, at):
                self._begin(at)
            case Answer(turn, question):
                self._give_floor(turn, question)
            case UserDone(turn, speech):
                self._caption(turn, speech)
            case Retract(turn):
                self._take_back(turn)
            case Drop(turn):
                self._void_caption(turn)
                self._link.emit(UserCaption(turn, "", final=True))
            case Duck():
                self._playback.duck()
                self._link.emit(VoiceDucked(True))
            case Suspend():
                self._playback.suspend(self._buffered_s)
                self._link.emit(VoiceDucked(True, silent=True))
            case Restore():
                self._playback.restore()
                self._link.emit(VoiceDucked(False))
            case Yield(turn):
                # The order to stop takes as long to the far end as the sound before it.
                heard = self._playback.heard_characters(turn, self._buffered_s)
                heard_s = max(0.0, self._playback.sent_s(turn) - self._buffered_s)
                decision = replace(decision, heard_characters=heard, heard_s=heard_s)
                self._playback.drop(turn)
            case Prepare() | Finish():
                self._overhear()  # the rest is done by the reply stage
            case _:
                assert_never(decision)
        if isinstance(decision, ReplyDecision):
            await self._orders.put(decision)

    def _begin(self, at: float) -> None:
        self._video.ask()
        if self._feed is not None and not self._feed.always:
            self._feed.begin(self.sound.with_pre_roll(at))

    def _give_floor(self, turn: int, question: Question) -> None:
        match question:
            case SpokenQuestion():
                self._caption(turn, question)
            case TypedQuestion():
                self._video.ask()
            case PendingQuestion() | Announcement():
                pass
            case _:
                assert_never(question)

    def _take_back(self, turn: int) -> None:
        self._void_caption(turn)
        self._playback.drop(turn)
        if self._feed is not None:
            self._feed.recut()

    def measured(self, playout: PlayoutMeasured) -> None:
        """Takes note of how long the far end takes to play what it is sent."""
        low, high = PLAYOUT_RANGE_S
        self._buffered_s = min(max(playout.delay_s, low), high)
        self.playout_s = min(self._buffered_s + (playout.round_trip_s or 0.0) / 2, high)
        self._flight.measured(playout)

    async def truncated(self, reply: ReplyTruncated) -> None:
        """Takes note that the end of the last reply is not heard; a reply before it stays as it is."""
        if self._playback.sent_s(reply.turn):
            heard = self._playback.heard_characters(reply.turn, reply.unplayed_s)
            await self._orders.put(ReplyShortened(reply.turn, heard))

    async def heard(self) -> None:
        """More of `sound` came in and went through VAD: cuts units and orders them."""
        if self._feed is None:
            return
        if not (self._feed.always or self.turns.user_speaks):
            return
        was_cut = self._feed.cut()
        if was_cut:
            self._overhear()
        if self._feed.always:
            self.show_state()
        elif was_cut:
            await self._orders.put(UnitsReady(self.turns.turn))

    def _overhear(self) -> None:
        """Has the user's words so far heard, where they decide about a picture."""
        if self._overhearing is not None and self._overhearing.wanted and self.turns.user_speaks:
            start_s = self.sound.with_pre_roll(self.turns.began_at)
            self._overhearing.listen(WordsSoFar(self.sound.between(start_s, self.sound.end_s), start_s))

    @property
    def takes_every_second(self) -> bool:
        """Whether the engine gets every second of the call, with sound or without."""
        return self._feed is not None and self._feed.always

    @property
    def deaf(self) -> bool:
        """Whether an engine that gets every second gets silence now: the push-to-talk key is up."""
        return self.takes_every_second and not self.turns.hands_free and not self.turns.user_speaks

    async def show_partial(self, turn: int, text: str) -> None:
        """Shows a partial transcript of the open turn and has it prefilled."""
        if self.turns.user_speaks and turn == self.turns.turn:
            self._link.emit(UserCaption(turn, text, final=False))
            await self._orders.put(PartialHeard(PartialBlock(text, self.sound_clock.at(self.turns.began_at))))

    def _caption(self, turn: int, speech: SpokenQuestion) -> None:
        if self._caption_transcriber is not None:
            at, end_s = self.sound_clock.at, speech.stopped_at + AFTER_SPEECH_S
            samples = self.sound.between(self.sound.with_pre_roll(speech.began_at), end_s)
            self._caption_transcriber.write(Utterance(turn, samples, at(speech.began_at), at(speech.stopped_at)))

    def _void_caption(self, turn: int) -> None:
        if self._caption_transcriber is not None:
            self._caption_transcriber.take_back(turn)

    def show_state(self) -> None:
        """Emits the state where it has changed."""
        match self.turns.phase:
            case Phase.IDLE:
                state = State.LISTENING
            case Phase.SPEAKING | Phase.PAUSED:
                state = State.HEARING
            case Phase.THINKING | Phase.REPLYING | Phase.CHALLENGED:
                state = State.SPEAKING if self._playback.sent_s(self.turns.turn) else State.THINKING
            case phase:
                assert_never(phase)
        (self.quiet.set if state is State.LISTENING else self.quiet.clear)()
        if state is not self._state:
            self._state, now = state, self._link.now()
            self.quiet_since = now if state is State.LISTENING else self.quiet_since
            self._link.emit(StateChanged(state, now))
