"""Runs one call: owns the tasks of its stages, passes events in and out. The stages decide; see `wiring.py`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from dialogue.blocks import SystemBlock
from dialogue.errors import AssistantError, BadInput
from dialogue.llm.generation_config import TakesGenerationConfig
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.playout.playback import Playback
from stream.runtime.clock import SessionClock
from stream.runtime.events import AudioReceived, Expressed, FrameReceived, Notice, Perceived, SessionEnded
from stream.runtime.failures import first_error
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest, QueueClosed
from stream.runtime.shown import FileShown
from stream.session.said import said_blocks
from stream.session.session_start import SessionStart
from stream.session.step_watch import StepWatch
from stream.session.wiring import build_stages

log = logging.getLogger(__name__)

# A client with this many unread events has vanished; the oldest are dropped.
EVENT_QUEUE_SIZE = 1024

# For an engine whose last step does not return.
CLOSE_WITHIN_S = 1.0


class Session:
    """Made on a running event loop. `push` input, iterate `events()`, pull sound from `playback`.

    Raises BadInput for options of replies that the engine does not take.
    """

    def __init__(
        self, name: str, parts: Parts, setup: Setup, start: SessionStart | None = None, *, out_rate: int = 48_000
    ) -> None:
        self.name, self._start = name, start or SessionStart()
        self._clock = SessionClock()
        self._events: DropOldest[Expressed] = DropOldest(EVENT_QUEUE_SIZE)
        self._closing = asyncio.Event()
        self._reason = "closed"
        link = Link(now=self.now, emit=self._events.put)
        self._stages = build_stages(
            parts=parts, setup=setup, link=link, out_rate=out_rate, record=self._start.recording
        )
        self._engine = self._stages.engine
        self._configure()
        self._step_watch = StepWatch(parts.threads.needed)

    @property
    def playback(self) -> Playback:
        """The outgoing sound; `playback.pull` may be called from any thread."""
        return self._stages.playback

    @property
    def recorded(self) -> bool:
        """Whether the call is recorded: `start` may ask for it, and the disk may not allow it."""
        return self._stages.flight.recording is not None

    def now(self) -> float:
        """Seconds since the session began."""
        return self._clock.now()

    def push(self, event: Perceived) -> None:
        """Takes one input event. Never blocks; input after the end is dropped."""
        if (recording := self._stages.flight.recording) is not None:
            recording.perceived(self.now(), event)
        match event:
            case AudioReceived(chunk):
                self._stages.audio.queue.put(chunk)
            case FrameReceived(picture):
                self._stages.video.see(picture)
            case FileShown():
                self._stages.showing.show(event)
            case _:
                self._stages.controls.queue.put(event)

    def close(self, reason: str = "closed") -> None:
        """Asks `run` to end. The first reason counts."""
        if not self._closing.is_set():
            self._reason = reason
            self._closing.set()

    async def events(self) -> AsyncIterator[Expressed]:
        """The session's output events, in order; the last one is SessionEnded."""
        while True:
            try:
                yield await self._events.get()
            except QueueClosed:
                return

    async def run(self) -> None:
        """Runs the whole call. All tasks have ended when this returns; errors become events, not exceptions."""
        try:
            await self._instruct()
            async with asyncio.TaskGroup() as tasks:
                stages = [tasks.create_task(work, name=f"{self.name}/{stage}") for stage, work in self._stages.work()]
                stages.append(tasks.create_task(self._step_watch.run(), name=f"{self.name}/step-watch"))
                await self._closing.wait()
                for stage in stages:
                    stage.cancel()
        except* AssistantError as lost:
            self._fail(first_error(lost))
        except* Exception as broken:
            log.error("Session %s failed.", self.name, exc_info=broken)
            self._fail(first_error(broken))
        finally:
            await self._end()

    def _configure(self) -> None:
        generation = self._start.generation
        if generation.is_default:
            return
        if not isinstance(self._engine, TakesGenerationConfig):
            raise BadInput("This model's replies have no options of their own: leave out temperature and max_tokens.")
        self._engine.configure(generation)

    async def _instruct(self) -> None:
        if self._start.instructions.strip():
            await self._engine.feed(SystemBlock(self._start.instructions))
        for block in said_blocks(self._start.said):
            await self._engine.feed(block)

    def _fail(self, error: BaseException) -> None:
        message = str(error) if isinstance(error, AssistantError) else f"Something broke ({type(error).__name__})."
        self._events.put(Notice("error", "engine_lost", f"{message} Please start the call again."))
        self._reason = "error"

    async def _end(self) -> None:
        self._stages.close_queues()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._engine.close()
                if self._stages.translation is not None:
                    await self._stages.translation.interpreter.close()
        except TimeoutError:
            log.warning("The engine of session %s was not closed in time.", self.name)
        if self._stages.remembering is not None:
            await self._stages.remembering.close()
        if (recording := self._stages.flight.recording) is not None:
            await asyncio.to_thread(recording.close)
        self._events.put(SessionEnded(self._reason))
        self._events.close()

    @property
    def dropped(self) -> dict[str, int]:
        """Items lost by queues so far, by kind: those of `Stages.dropped`, and unread "events"."""
        return {**self._stages.dropped, "events": self._events.dropped}
