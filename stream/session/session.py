"""One call: builds the stages, owns their tasks, lets events in and out. Decides nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, cast

from dialogue.engine import SemanticTurnJudge, UnitEngine
from dialogue.errors import AssistantError
from dialogue.tools.toolbox import TakesTools, Toolbox
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.perception.caption_transcriber import CaptionTranscriber
from stream.perception.captioning import Captioning
from stream.perception.heard_sound import AudioBuffer
from stream.perception.looking_closer import CloserLook
from stream.perception.turn_detection import TurnDetection
from stream.perception.unit_feed import UnitFeed
from stream.perception.unit_prefill import UnitPrefill
from stream.perception.unit_queue import UnitsLost
from stream.perception.watching import FrameWatching
from stream.playout.playback import Playback
from stream.playout.speaking import SpeechSynthesis
from stream.replies.answering import ReplyController
from stream.replies.reminder_book import ReminderBook
from stream.replies.reply import ReplyDependencies
from stream.runtime.clock import SessionClock, SoundClock
from stream.runtime.events import AudioReceived, Expressed, FrameReceived, Notice, Perceived, SessionEnded
from stream.runtime.lanes import DropOldest, QueueClosed
from stream.runtime.link import Link
from stream.session.controlling import SessionControls
from stream.session.playing import PacedPlayout
from stream.session.reminding import ReminderStage
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.floor import Floor
from stream.turns.full_duplex import FullDuplex
from stream.turns.hearing import AudioPerception
from stream.turns.turns import Turns

log = logging.getLogger(__name__)

# A client that reads nothing for so many events has vanished; the oldest go first.
EVENTS_KEPT = 1024


class Session:
    """Made on a running event loop. `push` what is perceived, iterate `events()`, pull sound from `playback`."""

    def __init__(self, name: str, parts: Parts, setup: Setup, *, out_rate: int = 48_000) -> None:
        self.name, self.setup = name, setup
        self._clock = SessionClock()
        self._events: DropOldest[Expressed] = DropOldest(EVENTS_KEPT)
        self._closing = asyncio.Event()
        self._reason = "closed"
        self._build(parts, setup, out_rate)

    def _build(self, parts: Parts, setup: Setup, out_rate: int) -> None:
        link = Link(self.now, self._events.put)
        threads = parts.threads
        self._engine = parts.new_engine()
        self.playback = Playback(out_rate)
        captioner = parts.captioner if not self._engine.can.sees else None
        self._captioning = Captioning(captioner, threads.captioner, setup, link) if captioner else None
        self._watching = FrameWatching(parts.vision_models, threads.vision, setup, link, self._captioning)
        self._reminders = self._equipped(parts)
        judge = parts.new_engine if isinstance(parts.new_engine, SemanticTurnJudge) else None
        self._endpointing = TurnDetection(judge, threads.llm)
        self._caption_transcriber = self._writing(parts, link)
        self._llm, self._floor = self._reply_side(parts, SpeechSynthesis(parts.voice, threads.voice, out_rate), link)
        self._hearing = AudioPerception(
            parts, None if self._engine.can.hears else parts.transcriber, self._endpointing, self._floor, setup, link
        )
        self._controlling = SessionControls(self._floor, self._hearing, self._watching, link)
        self._playing = PacedPlayout(self.playback, self._floor, self._llm, setup.budget_s, link)

    def _reply_side(
        self, parts: Parts, speaking: SpeechSynthesis, link: Link
    ) -> tuple[ReplyController | FullDuplex, Floor]:
        """Who decides what is said, and the floor that both sides share."""
        sound, clock, can = AudioBuffer(), SoundClock(), self._engine.can
        unit_prefill = None
        if can.hears and parts.slots is not None:
            feed = UnitFeed(sound, self._watching, always=can.duplex)
            unit_prefill = UnitPrefill(cast(UnitEngine, self._engine), parts.slots, feed, clock, link)
        turns = DuplexTurns() if can.duplex else Turns()
        llm: ReplyController | FullDuplex
        if unit_prefill is not None and isinstance(turns, DuplexTurns):
            llm = FullDuplex(unit_prefill, turns, sound, speaking, self.playback)
        else:
            dependencies = ReplyDependencies(
                self._engine,
                parts.transcriber,
                parts.threads.asr,
                speaking,
                self._watching,
                self.playback,
                link,
                unit_prefill=unit_prefill,
                reminders=self._reminders,
                endpointing=self._endpointing,
            )
            llm = ReplyController(dependencies)
            self._watching.on_look = llm.looked
        self._feed = unit_prefill.feed if unit_prefill is not None else None
        lent = sound, turns, self._feed, clock, self._caption_transcriber
        return llm, Floor(llm.orders, self.playback, self._watching, link, *lent)

    def _writing(self, parts: Parts, link: Link) -> CaptionTranscriber | None:
        """Who writes down what is said to an engine that hears, if anybody can."""
        if parts.transcriber is None or not self._engine.can.hears:
            return None
        return CaptionTranscriber(parts.transcriber, parts.threads.asr, self._engine, link)

    def _equipped(self, parts: Parts) -> ReminderBook | None:
        """Lends the engine what it may do, if it takes tools; its book of reminders."""
        if not isinstance(self._engine, TakesTools):
            return None
        book = ReminderBook(self.now)
        look = (
            CloserLook(parts.vision_models, parts.threads.vision, self._watching)
            if parts.vision_models is not None
            else None
        )
        more, aside = parts.tools, asyncio.to_thread
        toolbox = Toolbox(reminding=book, look_closer=look, more=more, decided=self._decided, aside=aside)
        self._engine.equip(toolbox)
        return book

    async def _decided(self) -> None:
        if isinstance(self._llm, ReplyController):
            await self._llm.decided()

    def now(self) -> float:
        """Seconds since the session began."""
        return self._clock.now()

    def push(self, event: Perceived) -> None:
        """Never blocks. What comes after the end is dropped."""
        match event:
            case AudioReceived(chunk):
                self._hearing.lane.put(chunk)
            case FrameReceived(picture):
                self._watching.see(picture)
            case _:
                self._controlling.lane.put(event)

    def close(self, reason: str = "closed") -> None:
        """Asks `run` to end. The first reason counts."""
        if not self._closing.is_set():
            self._reason = reason
            self._closing.set()

    async def events(self) -> AsyncIterator[Expressed]:
        """What the session has to say, in order; the last one is Ended."""
        while True:
            try:
                yield await self._events.get()
            except QueueClosed:
                return

    async def run(self) -> None:
        """The whole call. Everything it started has ended when this returns; errors become events, not exceptions."""
        try:
            async with asyncio.TaskGroup() as tasks:
                stages = [tasks.create_task(work, name=f"{self.name}/{stage}") for stage, work in self._stages()]
                await self._closing.wait()
                for stage in stages:
                    stage.cancel()
        except* AssistantError as lost:
            self._fail(lost.exceptions[0])
        except* Exception as broken:
            log.error("session %s broke", self.name, exc_info=broken)
            self._fail(broken.exceptions[0])
        finally:
            await self._end()

    def _stages(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        yield "hearing", self._hearing.run()
        yield "watching", self._watching.run()
        yield "answering", self._llm.run()
        yield "controlling", self._controlling.run()
        yield "playing", self._playing.run()
        if self._captioning is not None:
            yield "describing", self._captioning.run()
        if self._caption_transcriber is not None:
            yield "writing", self._caption_transcriber.run()
        if self._reminders is not None:
            yield "reminding", ReminderStage(self._reminders, self._floor).run()

    def _fail(self, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        told = str(error) if isinstance(error, AssistantError) else f"Something broke ({type(error).__name__})."
        self._events.put(Notice("error", "engine_lost", f"{told} Please start the call again."))
        self._reason = "error"

    async def _end(self) -> None:
        for lane in (self._hearing.lane, self._watching.lane, self._controlling.lane):
            lane.close()
        await self._engine.close()
        self._events.put(SessionEnded(self._reason))
        self._events.close()

    @property
    def dropped(self) -> dict[str, int]:
        """Items lost by lanes so far: {"sound": chunks, "pictures": frames not looked at, "events": ...}, and of what
        an engine was to hear and see: seconds, pictures; and utterances that were not written down."""
        lost = self._feed.queue.lost if self._feed is not None else UnitsLost()
        return {
            "units": lost.units,
            "unit_pictures": lost.pictures,
            "sound": self._hearing.lane.dropped,
            "pictures": self._watching.lane.dropped,
            "events": self._events.dropped,
            "utterances": self._caption_transcriber.lane.dropped if self._caption_transcriber is not None else 0,
        }
