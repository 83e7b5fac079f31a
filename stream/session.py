"""One call: builds the stages, owns their tasks, lets events in and out. Decides nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from dialogue.errors import AssistantError
from stream.answering import Answering
from stream.clock import SessionClock
from stream.controlling import Controlling
from stream.events import Ended, Expressed, Heard, Notice, Perceived, Saw
from stream.floor import Floor
from stream.hearing import Hearing
from stream.lanes import DropOldest, LaneClosed
from stream.link import Link
from stream.parts import Parts
from stream.playback import Playback
from stream.playing import Playing
from stream.reply import Crew
from stream.setup import Setup
from stream.speaking import Speaking
from stream.watching import Watching

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
        self._watching = Watching(parts.eyes, threads.eyes, setup, link)
        speaking = Speaking(parts.voice, threads.voice, out_rate)
        crew = Crew(self._engine, parts.transcriber, threads.ears, speaking, self._watching, self.playback, link)
        self._answering = Answering(crew)
        self._floor = Floor(self._answering, self.playback, self._watching, link)
        self._hearing = Hearing(parts, self._floor, setup, link)
        self._controlling = Controlling(self._floor, self._hearing, self._watching, link)
        self._playing = Playing(self.playback, self._floor, self._answering, setup.budget_s, link)

    def now(self) -> float:
        """Seconds since the session began."""
        return self._clock.now()

    def push(self, event: Perceived) -> None:
        """Never blocks. What comes after the end is dropped."""
        match event:
            case Heard(chunk):
                self._hearing.lane.put(chunk)
            case Saw(picture):
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
            except LaneClosed:
                return

    async def run(self) -> None:
        """The whole call. Everything it started has ended when this returns; errors become events, not exceptions."""
        try:
            async with asyncio.TaskGroup() as tasks:
                stages = [
                    tasks.create_task(work, name=f"{self.name}/{stage}")
                    for stage, work in (
                        ("hearing", self._hearing.run()),
                        ("watching", self._watching.run()),
                        ("answering", self._answering.run()),
                        ("controlling", self._controlling.run()),
                        ("playing", self._playing.run()),
                    )
                ]
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
        self._events.put(Ended(self._reason))
        self._events.close()

    @property
    def dropped(self) -> dict[str, int]:
        """Items lost by lanes so far: {"sound": chunks, "pictures": frames not looked at, "events": ...}."""
        return {
            "sound": self._hearing.lane.dropped,
            "pictures": self._watching.lane.dropped,
            "events": self._events.dropped,
        }
