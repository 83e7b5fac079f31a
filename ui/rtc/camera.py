"""VP8 packets of the far end's camera -> pictures, a few a second and only the newest.

Every frame has to be decoded, since the next one builds upon it, but only those that somebody may look at are
turned into RGB. Decoding happens on a thread of its own that gives way to hearing and speaking. Where it cannot
keep up, frames are dropped up to the next key frame, which is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import av

from stream.runtime.device_thread import DeviceThread
from stream.runtime.lanes import DropOldest
from ui.rtc.frames import EncodedFrame, FrameAssembly, Packet
from vision.picture import Picture

log = logging.getLogger(__name__)

PICTURES_PER_S = 8.0
LONGEST_SIDE = 1280  # pictures are made smaller than the camera's where it is larger
MOST_PIXELS = 4096 * 2304  # of a frame that we are willing to decode
MOST_WAITING = 12  # frames; a second and more of a slow camera
NICENESS = 5


class Vp8FrameDecoder:
    """Decoder of one stream."""

    def __init__(self) -> None:
        self._decoder = av.CodecContext.create("libvpx", "r")

    def see(self, frame: EncodedFrame, wanted: bool) -> Picture | None:
        """Raises ValueError when the frame is broken."""
        decoded = self._decoder.decode(av.Packet(frame.data))
        if not decoded or not wanted:
            return None
        newest = decoded[-1]
        scale = min(1.0, LONGEST_SIDE / max(newest.width, newest.height))
        width, height = max(1, round(newest.width * scale)), max(1, round(newest.height * scale))
        return Picture(newest.reformat(width, height, "rgb24").to_ndarray(), frame.arrived)


class VideoReceiver:
    """Takes RTP packets as they come; `saw` is called with pictures stamped with their arrival, on the event loop."""

    def __init__(self, saw: Callable[[Picture], None], too_large: Callable[[int, int], None]) -> None:
        self._saw, self._too_large = saw, too_large
        self._assembly = FrameAssembly()
        self._lane: DropOldest[tuple[int, EncodedFrame]] = DropOldest(MOST_WAITING)
        self._run = 0  # number of the unbroken run of frames that the newest one belongs to
        self._refused = False
        self._picture_at = float("-inf")
        self.on = True
        self.dropped = 0  # frames that were whole and still not decoded

    @property
    def broken(self) -> int:
        return self._assembly.broken

    def packet(self, packet: Packet, now: float) -> bool:
        """One RTP packet, in any order. Returns whether a key frame should be asked for."""
        for frame in self._assembly.add(packet, now):
            if len(self._lane) >= MOST_WAITING:
                self._begin_anew()
            elif self._may_decode(frame):
                self._lane.put((self._run, frame))
        return self._assembly.wants_key_frame(now)

    async def run(self) -> None:
        """Decode until cancelled."""
        eye = Vp8FrameDecoder()
        with DeviceThread("camera", NICENESS) as thread:
            while True:
                run, frame = await self._lane.get()
                if run != self._run:
                    self.dropped += 1
                    continue
                wanted = self.on and frame.arrived - self._picture_at >= 0.9 / PICTURES_PER_S
                try:
                    picture = await thread.run(eye.see, frame, wanted)
                except ValueError as error:
                    log.debug("a broken frame: %s", error)
                    self._begin_anew()
                    continue
                if picture is not None and self.on:
                    self._picture_at = picture.at
                    self._saw(picture)

    def _begin_anew(self) -> None:
        """What waits to be decoded is of no use; so is everything up to the next key frame."""
        self._run += 1
        self._assembly.drop()

    def _may_decode(self, frame: EncodedFrame) -> bool:
        """False for frames too large to decode, and for all that build upon them."""
        size = frame.size
        if size is not None:
            refused = size[0] * size[1] > MOST_PIXELS
            if refused and not self._refused:
                self._too_large(*size)
            self._refused = refused
        self.dropped += self._refused
        return not self._refused
