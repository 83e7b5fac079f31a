"""Decodes the VP8 packets of the browser's camera into pictures, a few per second and only the newest.

Every frame is decoded, since the next one depends on it, but only the wanted ones are converted to RGB. Decoding runs
on its own thread with a lower priority than sound. When it cannot keep up, frames are dropped up to the next
keyframe, which is requested.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import av

from stream.runtime.device_thread import DeviceThread
from stream.runtime.queues import DropOldest
from ui.rtc.frames import EncodedFrame, FrameAssembly, Packet
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

    def decode(self, frame: EncodedFrame, wanted: bool) -> Picture | None:
        """The picture of a frame, in RGB; None unless `wanted`. Raises ValueError when the frame is damaged."""
        decoded = self._decoder.decode(av.Packet(frame.data))
        if not decoded or not wanted:
            return None
        newest = decoded[-1]
        scale = min(1.0, LONGEST_SIDE / max(newest.width, newest.height))
        width, height = max(1, round(newest.width * scale)), max(1, round(newest.height * scale))
        return Picture(newest.reformat(width, height, "rgb24").to_ndarray(), frame.arrived)


class VideoReceiver:
    """Takes RTP packets as they arrive; calls `saw` with pictures and their arrival times, on the event loop."""

    def __init__(self, saw: Callable[[Picture], None], too_large: Callable[[int, int], None]) -> None:
        self._saw, self._too_large = saw, too_large
        self._assembly = FrameAssembly()
        self._lane: DropOldest[tuple[int, EncodedFrame]] = DropOldest(MOST_WAITING)
        self._run = 0  # number of the run of frames without a gap to which the newest one belongs
        self._refused = False
        self._picture_at = float("-inf")
        self.on = True
        self.dropped = 0  # complete frames that were not decoded

    @property
    def broken(self) -> int:
        return self._assembly.broken

    def packet(self, packet: Packet, now: float) -> bool:
        """Takes one RTP packet, in any order. Returns whether to request a keyframe."""
        for frame in self._assembly.add(packet, now):
            if len(self._lane) >= MOST_WAITING:
                self._restart()
            elif self._may_decode(frame):
                self._lane.put((self._run, frame))
        return self._assembly.wants_key_frame(now)

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
                try:
                    picture = await thread.run(decoder.decode, frame, wanted)
                except ValueError as error:
                    log.debug("A frame is damaged: %s", error)
                    self._restart()
                    continue
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
            self._refused = refused
        self.dropped += self._refused
        return not self._refused
