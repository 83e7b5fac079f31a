"""Puts the packets of a VP8 stream together to whole frames, each as soon as its last packet is here.

A frame ends at the RTP marker bit, so nothing waits for the next frame's first packet. A lost packet is awaited for
a moment (it has been asked for again); then everything up to the next key frame is useless and dropped. Pure: times
are handed in. Reads of VP8 only what RFC 7741 puts in front of it and the size in a key frame's header.
"""

from __future__ import annotations

from dataclasses import dataclass

from ui.rtc.reorder_buffer import Unwrapping

PATIENCE_S = 0.3  # for a packet sent again
MOST_WAITING = 512  # packets; more is a flood
KEY_FRAME_ASKED_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet; `payload` begins with the VP8 payload descriptor, `data` is what follows it."""

    sequence: int
    marker: bool
    payload: bytes
    data: bytes

    @property
    def starts_frame(self) -> bool:
        """S is set and the partition index is 0 (RFC 7741, section 4.2)."""
        return bool(self.payload) and self.payload[0] & 0x17 == 0x10

    @property
    def starts_key_frame(self) -> bool:
        return self.starts_frame and bool(self.data) and not self.data[0] & 1


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    data: bytes
    key: bool
    arrived: float  # session clock, when its last packet came

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) from the header of a key frame (RFC 6386, section 9.1); None where it is not told."""
        if not self.key or len(self.data) < 10 or self.data[3:6] != b"\x9d\x01\x2a":
            return None
        width, height = int.from_bytes(self.data[6:8], "little"), int.from_bytes(self.data[8:10], "little")
        return width & 0x3FFF, height & 0x3FFF


class FrameAssembly:
    """Packets in any order in, whole frames in order out."""

    def __init__(self) -> None:
        self._unwrap = Unwrapping(16)
        self._packets: dict[int, Packet] = {}
        self._next: int | None = None  # first packet of the frame that is due; None until a key frame
        self._stuck_since: float | None = None
        self._asked_at: float | None = None
        self._asking = True
        self.broken = 0  # times that something was lost for good

    def add(self, packet: Packet, now: float) -> list[EncodedFrame]:
        """The frames that this packet completes."""
        place = self._unwrap(packet.sequence)
        if self._next is not None and place < self._next:
            if self._next - place < MOST_WAITING:
                return []
            self.drop()  # a sender that began anew
        self._packets[place] = packet
        frames = self._complete(now)
        if frames or not self._packets or self._next is None:
            self._stuck_since = None
        elif self._has_hole():
            self._stuck_since = now if self._stuck_since is None else self._stuck_since
            if now - self._stuck_since > PATIENCE_S:
                self.drop()
        if len(self._packets) > MOST_WAITING:
            self.drop()
        return frames

    def drop(self) -> None:
        """Something is lost for good: nothing until the next key frame, which has to be asked for."""
        self.broken += 1
        self._packets.clear()
        self._next = self._stuck_since = None
        self._asking = True

    def wants_key_frame(self, now: float) -> bool:
        """Whether to ask the sender for a key frame now: at most every KEY_FRAME_ASKED_EVERY_S, not for the first."""
        if self._asked_at is None:
            self._asked_at = now
        if not self._asking or now - self._asked_at < KEY_FRAME_ASKED_EVERY_S:
            return False
        self._asked_at = now
        return True

    def _has_hole(self) -> bool:
        """Whether a packet is missing below one that is here (and not merely the rest of a frame on its way)."""
        assert self._next is not None
        return max(self._packets) - self._next + 1 > len(self._packets)

    def _complete(self, now: float) -> list[EncodedFrame]:
        if self._next is None:
            starts = [place for place, packet in self._packets.items() if packet.starts_key_frame]
            if not starts:
                return []
            self._next = min(starts)
            self._packets = {place: packet for place, packet in self._packets.items() if place >= self._next}
        frames = []
        while (last := self._end_of_frame(self._next)) is not None:
            packets = [self._packets.pop(place) for place in range(self._next, last + 1)]
            self._next = last + 1
            key = packets[0].starts_key_frame
            self._asking = self._asking and not key
            frames.append(EncodedFrame(b"".join(packet.data for packet in packets), key, now))
        return frames

    def _end_of_frame(self, place: int) -> int | None:
        """Where the frame that begins at `place` ends, if all of it is here."""
        while (packet := self._packets.get(place)) is not None:
            if packet.marker:
                return place
            place += 1
        return None
