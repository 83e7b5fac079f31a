"""Connects a session to the local microphone, camera and loudspeaker, or to a keyboard.

Devices call back on their own threads; their data reaches the session on its event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from audio.capture import Device, LocalMicrophone, LocalSpeaker, NoSoundDevice
from audio.chunk import Chunk
from dialogue.errors import BadInput
from stream.runtime.events import (
    AudioReceived,
    DeviceLost,
    Expressed,
    Notice,
    Perceived,
    PlayoutMeasured,
    ReplyEnded,
    TextTyped,
    UserCaption,
)
from stream.session.session import Session

OVER = "the conversation was ended"
SPEAKER_DELAY_S = 0.05
DRAIN_EVERY_S = 0.01
ANSWER_WITHIN_S = 120.0

Show = Callable[[Expressed, float], None]


class LocalConversation:
    """One conversation; `show` is called with each event and its time. To be made on a running event loop."""

    def __init__(self, session: Session, show: Show) -> None:
        self._session, self._show = session, show
        self._loop = asyncio.get_running_loop()
        self._asked_turn: int | None = None  # the turn of the typed line that waits for its answer
        self._answered = asyncio.Event()

    async def run(self, until: Callable[[], AsyncIterator[str]] | None = None) -> None:
        """Runs until the session ends, or every line that `until` yields (typed messages) has been answered."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._session.run(), name="session")
            helpers = [tasks.create_task(self._type(until()), name="keyboard")] if until else []
            try:
                async for event in self._session.events():
                    self._take(event)
            finally:
                self.end()
                for helper in helpers:
                    helper.cancel()

    def end(self) -> None:
        self._session.close(OVER)

    def push_from_thread(self, event: Perceived) -> None:
        """Sends an event to the session from another thread."""
        self._loop.call_soon_threadsafe(self._session.push, event)

    @contextmanager
    def microphone(self, device: Device) -> Iterator[None]:
        """Opens the microphone, which may hear the loudspeaker: the session takes its echo away. Raises BadInput."""

        def heard(chunk: Chunk) -> None:
            self.push_from_thread(AudioReceived(chunk))

        def lost(reason: str) -> None:
            self.push_from_thread(DeviceLost("microphone", reason))

        with _started(lambda: LocalMicrophone(device, on_chunk=heard, on_lost=lost)):
            yield

    @contextmanager
    def loudspeaker(self, device: Device) -> Iterator[None]:
        """Plays the assistant's voice during the block. Raises BadInput."""

        def lost(reason: str) -> None:
            self._loop.call_soon_threadsafe(self._show, Notice("warning", "loudspeaker_lost", reason), 0.0)

        playback = self._session.playback
        self._session.push(PlayoutMeasured(SPEAKER_DELAY_S))
        with _started(lambda: LocalSpeaker(device, playback.rate, pull=playback.pull, on_lost=lost)):
            yield

    async def discard_voice(self) -> None:
        """Replaces a loudspeaker: all sound counts as heard at once. Runs until cancelled."""
        self._session.push(PlayoutMeasured(0.0))
        while True:
            self._session.playback.pull(self._session.playback.rate)
            await asyncio.sleep(DRAIN_EVERY_S)

    def _take(self, event: Expressed) -> None:
        match event:
            case UserCaption(turn, typed=True):
                self._asked_turn = turn
            case ReplyEnded(turn) if self._asked_turn is not None and turn >= self._asked_turn:
                self._answered.set()  # an earlier one may be the announcement of a timer
            case Notice(level="error"):
                self._answered.set()
        self._show(event, self._session.now())

    async def _type(self, lines: AsyncIterator[str]) -> None:
        """Sends one line after the other, each after the answer to the last one; then ends the conversation."""
        async for text in lines:
            if not text.strip():
                continue
            self._answered.clear()
            self._asked_turn = None
            self._session.push(TextTyped(text))
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._answered.wait()
            except TimeoutError:
                self._show(Notice("warning", "no_answer", "No answer came; ask again."), self._session.now())
        self.end()


@contextmanager
def _started(opened: Callable[[], LocalMicrophone | LocalSpeaker]) -> Iterator[None]:
    device = opened()
    try:
        device.start()
    except NoSoundDevice as error:
        raise BadInput(str(error)) from error
    with device:
        yield
