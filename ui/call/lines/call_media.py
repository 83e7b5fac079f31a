"""The microphone and the camera of one call, over whichever connection their packets come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from audio.chunk import Chunk
from stream.runtime.events import Notice
from ui.call.lines.notices import VIDEO_OVER_BUDGET, picture_too_large
from ui.call.lines.still_pictures import StillPictures
from ui.rtc.camera import VideoReceiver
from ui.rtc.microphone import AudioReceiver
from vision.picture import Picture

IDLE_EVERY_S = 0.1


class CallMedia:
    """`now` is the session clock; `heard` and `saw` take what arrives, `announce` what the page is to show."""

    def __init__(
        self,
        now: Callable[[], float],
        heard: Callable[[Chunk], None],
        saw: Callable[[Picture], None],
        announce: Callable[[Notice], None],
    ) -> None:
        def too_large(width: int, height: int) -> None:
            announce(picture_too_large(width, height))

        def too_much() -> None:
            announce(VIDEO_OVER_BUDGET)

        self.now = now
        self.microphone = AudioReceiver(heard, now)
        self.camera = VideoReceiver(saw=saw, too_large=too_large, too_much=too_much)
        self.stills = StillPictures(saw, too_much)

    def switch_camera(self, on: bool) -> None:
        self.camera.on = self.stills.on = on

    def restart(self) -> None:
        """What follows comes over another connection: its numbers and times begin again."""
        self.microphone.restart()
        self.camera.restart()

    async def run(self) -> None:
        """Decodes pictures, and fills pauses of the sound, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.camera.run(), name="camera")
            tasks.create_task(self.stills.run(), name="still pictures")
            while True:
                await asyncio.sleep(IDLE_EVERY_S)
                self.microphone.idle()

    def losses(self) -> Mapping[str, int]:
        return {
            "sound_packets_lost": self.microphone.lost,
            "sound_packets_undecodable": self.microphone.undecodable,
            "sound_packets_refused": self.microphone.refused,
            "picture_streams_broken": self.camera.broken,
            "picture_frames_not_decoded": self.camera.dropped + self.stills.dropped,
        }
