"""Decodes the VP8 packets of the browser's camera into pictures, a few per second and only the newest.

Every frame is decoded, since the next one depends on it, but only the wanted ones are converted to RGB. Decoding runs
on its own thread with a lower priority than sound. When it cannot keep up, or the call's budget is used up, frames are
dropped up to the next keyframe, which is requested.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import av

from stream.runtime.device_thread import DeviceThread
from stream.runtime.queues import DropOldest
from ui.rtc.frames import EncodedFrame, FrameAssembly, Packet
from ui.rtc.video_budget import VideoBudget
from vision.picture import Picture

log = logging.getLogger(__name__)

PICTURES_PER_S = 8.0
LONGEST_SIDE = 1280  # larger pictures are scaled down
MOST_PIXELS = 4096 * 2304  # larger frames are not decoded
MOST_WAITING = 12  # frames: more than a second of a slow camera
NICENESS = 5


class Vp8FrameDecoder:
    """Decoder of one VP8 stream."""

    def __init__(self) -> None:
        self._decoder = av.CodecContext.create("libvpx", "r")
        self._decoder.thread_count = 1  # more would be threads of every call
        self.cpu_s = 0.0  # processor time so far

    def decode(self, frame: EncodedFrame, wanted: bool) -> Picture | None:
        """The picture of a frame, in RGB; None unless `wanted`. Raises ValueError when the frame is damaged."""
        began = time.thread_time()
        try:
            return self._decode(frame, wanted)
        finally:
            self.cpu_s += time.thread_time() - began

    def _decode(self, frame: EncodedFrame, wanted: bool) -> Picture | None:
        decoded = self._decoder.decode(av.Packet(frame.data))
        if not decoded or not wanted:
            return None
        newest = decoded[-1]
        scale = min(1.0, LONGEST_SIDE / max(newest.width, newest.height))
        width, height = max(1, round(newest.width * scale)), max(1, round(newest.height * scale))
        return Picture(newest.reformat(width, height, "rgb24", threads=1).to_ndarray(), frame.arrived)


class VideoReceiver:
    """Takes RTP packets as they arrive; calls `saw` with pictures and their arrival times, on the event loop.

    `too_large` is called with the size of pictures that are not decoded, `too_much` once when the budget is used up.
    """

    def __init__(
        self,
        saw: Callable[[Picture], None],
        too_large: Callable[[int, int], None],
        too_much: Callable[[], None],
        budget: VideoBudget | None = None,
    ) -> None:
        self._saw, self._too_large, self._too_much = saw, too_large, too_much
        self._budget = budget or VideoBudget()
        self._over_budget = False  # at some time in this call
        self._pixels = 0  # of the stream's frames
        self._assembly = FrameAssembly()
        self._broken_before = 0
        self._lane: DropOldest[tuple[int, EncodedFrame]] = DropOldest(MOST_WAITING)
        self._run = 0  # number of the run of frames without a gap to which the newest one belongs
        self._refused = False
        self._picture_at = float("-inf")
        self.on = True
        self.dropped = 0  # complete frames that were not decoded

    @property
    def broken(self) -> int:
        return self._broken_before + self._assembly.broken

    def restart(self) -> None:
        """The packets that follow are of another connection: their numbers begin again, and a keyframe is needed."""
        self._run += 1
        self._broken_before += self._assembly.broken
        self._assembly = FrameAssembly()

    def packet(self, packet: Packet, now: float) -> bool:
        """Takes one RTP packet, in any order. Returns whether to request a keyframe."""
        for frame in self._assembly.add(packet, now):
            if len(self._lane) >= MOST_WAITING:
                self._restart()
            elif self._may_decode(frame):
                self._lane.put((self._run, frame))
        return self._budget.allows(now) and self._assembly.wants_key_frame(now)

    async def run(self) -> None:
        """Decodes until cancelled."""
        decoder = Vp8FrameDecoder()
        with DeviceThread("camera", NICENESS) as thread:
            while True:
                run, frame = await self._lane.get()
                if run != self._run:
                    self.dropped += 1
                    continue
                wanted = self.on and frame.arrived - self._picture_at >= 0.9 / PICTURES_PER_S
                before_s = decoder.cpu_s
                try:
                    picture = await thread.run(decoder.decode, frame, wanted)
                except ValueError as error:
                    log.debug("A frame is damaged: %s", error)
                    self._restart()
                    continue
                self._budget.spend(frame.arrived, self._pixels, decoder.cpu_s - before_s)
                if picture is not None and self.on:
                    self._picture_at = picture.at
                    self._saw(picture)

    def _restart(self) -> None:
        """Discards the waiting frames and everything up to the next keyframe."""
        self._run += 1
        self._assembly.drop()

    def _may_decode(self, frame: EncodedFrame) -> bool:
        """False for frames that are too large, and for all frames that depend on them."""
        size = frame.size
        if size is not None:
            refused = size[0] * size[1] > MOST_PIXELS
            if refused and not self._refused:
                self._too_large(*size)
            self._refused, self._pixels = refused, size[0] * size[1]
        if not self._refused and not self._budget.allows(frame.arrived):
            self._give_way()
            return False
        self.dropped += self._refused
        return not self._refused

    def _give_way(self) -> None:
        """The budget is used up: discards frames up to a keyframe after it is back."""
        self.dropped += 1
        self._restart()
        if not self._over_budget:
            self._over_budget = True
            self._too_much()
