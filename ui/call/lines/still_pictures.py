"""Decodes the JPEG pictures of a page whose camera comes as still pictures, and only the newest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from stream.runtime.device_thread import DeviceThread
from stream.runtime.queues import DropOldest
from ui.rtc.camera import LONGEST_SIDE, NICENESS
from ui.rtc.video_budget import VideoBudget
from vision.picture import Picture
from vision.picture_file import open_picture

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024  # bytes; a page sends at most about 150,000
JPEG = b"\xff\xd8\xff"


class StillPictures:
    """Calls `saw` with pictures and their arrival times, on the event loop; `too_much` once when the call's budget of
    pixels and processor time is used up."""

    def __init__(self, saw: Callable[[Picture], None], too_much: Callable[[], None]) -> None:
        self._saw, self._too_much = saw, too_much
        self._budget, self._over_budget = VideoBudget(), False
        self._newest: DropOldest[tuple[float, bytes]] = DropOldest(1)
        self.on = True
        self.dropped = 0  # not decoded

    def add(self, jpeg: bytes, now: float) -> None:
        """Takes a picture that has arrived."""
        if not self.on:
            return
        allowed = self._budget.allows(now)
        if not allowed and not self._over_budget:
            self._over_budget = True
            self._too_much()
        if not allowed or len(jpeg) > LARGEST or not jpeg.startswith(JPEG):
            self.dropped += 1
            return
        self.dropped += len(self._newest)
        self._newest.put((now, jpeg))

    async def run(self) -> None:
        """Decodes until cancelled; its thread begins with the first picture."""
        first = await self._newest.get()
        with DeviceThread("pictures", NICENESS) as thread:
            arrived, jpeg = first
            while True:
                try:
                    picture, cpu_s = await thread.run(_opened, jpeg, arrived)
                except ValueError as error:
                    log.debug("A picture is damaged: %s", error)
                    self.dropped += 1
                else:
                    self._budget.spend(arrived, picture.width * picture.height, cpu_s)
                    if self.on:
                        self._saw(picture)
                arrived, jpeg = await self._newest.get()


def _opened(jpeg: bytes, at: float) -> tuple[Picture, float]:
    """The picture, and the seconds of processor time that it took. Raises ValueError."""
    began = time.thread_time()
    opened = open_picture(jpeg, max_pixels=LONGEST_SIDE * LONGEST_SIDE * 9 // 16)
    return Picture(opened.rgb, at), time.thread_time() - began
