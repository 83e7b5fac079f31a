"""Stage: applies the user's controls: keys, switches, typed messages, lost devices."""

from __future__ import annotations

from stream.perception.video_perception import VideoPerception
from stream.runtime.events import (
    DeviceLost,
    DeviceSwitched,
    Interrupted,
    Notice,
    PlayoutMeasured,
    TalkKeyPressed,
    TextTyped,
)
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest
from stream.turns.audio_perception import AudioPerception
from stream.turns.floor import Floor

Control = TalkKeyPressed | DeviceSwitched | Interrupted | PlayoutMeasured | DeviceLost | TextTyped

CONTROL_QUEUE_SIZE = 64

# Characters of a typed message: fits the smallest context.
LONGEST_MESSAGE = 2000

PLAYOUT_RANGE_S = (0.0, 1.0)


class SessionControls:
    """Applies the controls of one session."""

    def __init__(self, *, floor: Floor, audio: AudioPerception, video: VideoPerception, link: Link) -> None:
        self._floor, self._audio, self._video, self._link = floor, audio, video, link
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
                await floor.carry_out(floor.turns.press(down, floor.sound.end_s))
            case Interrupted():
                await floor.carry_out(floor.turns.interrupt())
            case DeviceSwitched():
                await self._switch(control)
            case PlayoutMeasured(delay_s):
                low, high = PLAYOUT_RANGE_S
                floor.playout_s = min(max(delay_s, low), high)
            case DeviceLost(device, reason):
                await self._switch(
                    DeviceSwitched(microphone=False) if device == "microphone" else DeviceSwitched(camera=False)
                )
                self._link.emit(
                    Notice(
                        "warning", f"{device}_lost", f"The {device} is gone ({reason}). The call goes on without it."
                    )
                )

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
        await self._floor.type(text)

    async def _switch(self, switched: DeviceSwitched) -> None:
        floor = self._floor
        if switched.camera is not None:
            self._video.switch(switched.camera)
        if switched.hands_free is not None:
            await floor.carry_out(floor.turns.switch_hands_free(switched.hands_free))
        if switched.microphone is not None:
            self._audio.switch(switched.microphone)
            if not switched.microphone:
                await floor.carry_out(floor.turns.forget())
