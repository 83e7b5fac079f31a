"""Stage: applies the user's controls: keys, switches, typed messages, lost devices."""

from __future__ import annotations

from typing import assert_never

from dialogue.watching.watch_talk import UNABLE
from stream.perception.audio_perception import AudioPerception
from stream.perception.video_perception import VideoPerception
from stream.replies.delegation_desk import DelegationDesk
from stream.replies.orders import InstructionSet, Order
from stream.replies.watch_book import WatchBook
from stream.runtime.events import (
    Device,
    DeviceLost,
    DeviceStopped,
    DeviceSwitched,
    Interrupted,
    Notice,
    PlayoutMeasured,
    TalkKeyPressed,
    TextTyped,
)
from stream.runtime.given import CommentaryGiven, InstructionGiven
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue, DropOldest
from stream.runtime.watching import NarrationSwitched, WatchDeleted
from stream.session.commentary_stage import CommentaryStage
from stream.session.floor import Floor
from stream.turns.decisions import TypedQuestion
from stream.turns.events import HandsFreeSwitched, InterruptPressed, MessageTyped, MicrophoneOff, TalkKeyMoved

Control = (
    TalkKeyPressed
    | DeviceSwitched
    | Interrupted
    | InstructionGiven
    | CommentaryGiven
    | PlayoutMeasured
    | NarrationSwitched
    | WatchDeleted
    | DeviceLost
    | TextTyped
)

CONTROL_QUEUE_SIZE = 64

# Characters of a typed message: fits the smallest context.
LONGEST_MESSAGE = 2000


class SessionControls:
    """Applies the controls of one session."""

    def __init__(
        self,
        *,
        floor: Floor,
        audio: AudioPerception,
        video: VideoPerception,
        link: Link,
        orders: BlockingQueue[Order],
        watches: WatchBook,
        desk: DelegationDesk | None = None,
    ) -> None:
        self._floor, self._audio, self._video, self._link = floor, audio, video, link
        self._orders, self.commentary = orders, CommentaryStage(floor=floor, link=link)
        self._watches = watches
        self._desk = desk  # where questions are passed on to a larger model
        self.queue: DropOldest[Control] = DropOldest(CONTROL_QUEUE_SIZE)

    async def run(self) -> None:
        """Runs until the queue is closed."""
        while True:
            await self._apply(await self.queue.get())

    async def _apply(self, control: Control) -> None:
        floor = self._floor
        match control:
            case TextTyped(text):
                await self._type(text)
            case TalkKeyPressed(down):
                await floor.take(TalkKeyMoved(down, floor.sound.end_s))
            case Interrupted():
                if not await floor.take(InterruptPressed()) and self._desk is not None:
                    self._desk.cancel()  # nothing was being said: what is being looked into is not wanted
            case InstructionGiven(text):
                await self._orders.put(InstructionSet(text))
            case CommentaryGiven(text):
                self.commentary.queue.put(text)
            case DeviceSwitched():
                await self._switch(control)
            case PlayoutMeasured():
                floor.measured(control)
            case NarrationSwitched(on):
                self._narrate(on)
            case WatchDeleted(number):
                self._watches.delete(number)
            case DeviceLost(device, reason):
                await self._switch(_off(device))
                self._link.emit(
                    Notice(
                        "warning", f"{device}_lost", f"The {device} is gone ({reason}). The call goes on without it."
                    )
                )
            case _:
                assert_never(control)

    async def switch_off(self, device: Device) -> None:
        """Switches a device off for the assistant (`dialogue.tools.toolbox.Toolbox.switch_off`)."""
        self.queue.put(_off(device))
        self._link.emit(DeviceStopped(device))

    def _narrate(self, on: bool) -> None:
        if on and not self._watches.possible:
            self._link.emit(Notice("info", "no_narration", UNABLE))
        else:
            self._watches.switch(on)

    async def _type(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if len(text) > LONGEST_MESSAGE:
            self._link.emit(
                Notice(
                    "error",
                    "too_long",
                    f"That message has {len(text):,} characters; at most {LONGEST_MESSAGE:,} fit. Please shorten it.",
                )
            )
            return
        await self._floor.take(MessageTyped(TypedQuestion(text, self._link.now())))

    async def _switch(self, switched: DeviceSwitched) -> None:
        floor = self._floor
        if switched.camera is not None:
            self._video.switch(switched.camera)
        if switched.hands_free is not None:
            await floor.take(HandsFreeSwitched(switched.hands_free))
        if switched.microphone is not None:
            self._audio.switch(switched.microphone)
            if not switched.microphone:
                await floor.take(MicrophoneOff())


def _off(device: Device) -> DeviceSwitched:
    return DeviceSwitched(microphone=False) if device == "microphone" else DeviceSwitched(camera=False)
