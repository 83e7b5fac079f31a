"""Decodes the Opus packets of the browser's microphone into one 16 kHz stream without gaps.

Replaces aiortc's jitter buffer and decodes on the event loop, which takes 0.1 ms every 20 ms, so that no thread delays
the sound.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import av
import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from ui.host.allowance import Allowance
from ui.rtc.jitter_buffer import JitterBuffer
from ui.rtc.opus import OpusDecoder, opus_library
from ui.rtc.reorder_buffer import CounterUnwrapper, ReorderBuffer

log = logging.getLogger(__name__)

OPUS_RATE_HZ = 48_000  # of the RTP timestamps and the decoder, for every bandwidth
COPIED = HEARING_RATE_HZ // 50  # samples: a packet can bring those of the one before, which has 20 ms in browsers
MOST_REPAIRED = 3 * COPIED  # longer sound cannot be guessed
MOST_PER_S, MOST_AT_ONCE = 120, 600  # packets; browsers send 50 a second, and after a stall those of some seconds


class OpusPacketDecoder:
    """Decoder of one Opus stream, with repair where libopus is found. A packet holds 2.5 to 120 ms."""

    def __init__(self) -> None:
        library = opus_library()
        self._opus = OpusDecoder(library) if library is not None else None
        if self._opus is None:
            self._decoder = av.CodecContext.create("libopus", "r")
            self._decoder.format = "s16"
            self._decoder.layout = "mono"
            self._decoder.sample_rate = OPUS_RATE_HZ
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=HEARING_RATE_HZ)

    def decode(self, packet: bytes) -> Samples:
        """The sound of a packet, float32 (n,) at HEARING_RATE_HZ. Raises ValueError when it is not Opus."""
        if self._opus is not None:
            return self._opus.decode(packet)
        frames = self._decoder.decode(av.Packet(packet))
        pieces = [piece.to_ndarray()[0] for frame in frames for piece in self._resampler.resample(frame)]
        return np.concatenate(pieces).astype(np.float32, copy=False) if pieces else np.zeros(0, np.float32)

    def repair(self, following: bytes, n: int) -> Samples:
        """Up to `n` samples that were lost before the packet `following`; none where they cannot be repaired."""
        if self._opus is None:
            return np.zeros(0, np.float32)
        copied, guessed = min(n, COPIED), max(0, n - COPIED)
        pieces = [self._opus.repair(None, COPIED) for _ in range(guessed // COPIED)]
        return np.concatenate([*pieces, self._opus.repair(following, copied)])


class AudioReceiver:
    """Takes RTP packets as they arrive; calls `heard` with chunks in order and without gaps, on the event loop."""

    def __init__(self, heard: Callable[[Chunk], None], now: Callable[[], float]) -> None:
        self._heard, self._now = heard, now
        self._reorder_buffer: ReorderBuffer[tuple[int, bytes]] = ReorderBuffer()
        self._jitter_buffer = JitterBuffer()
        self._unwrap = CounterUnwrapper(32)
        self._decoder = OpusPacketDecoder()
        self._allowance = Allowance(MOST_PER_S, MOST_AT_ONCE)
        self._lost_before = 0
        self._end: int | None = None  # of the sound so far, in samples of the sender's stream
        self.repaired = 0  # samples
        self.undecodable = 0
        self.refused = 0  # packets beyond MOST_PER_S

    @property
    def lost(self) -> int:
        return self._lost_before + self._reorder_buffer.lost

    def packet(self, sequence: int, timestamp: int, payload: bytes) -> None:
        """Takes one RTP packet, in any order; an empty payload is a keepalive."""
        if not self._allowance.take(self._now()):
            self.refused += 1
            return
        for stamp, opus in self._reorder_buffer.add(sequence, (timestamp, payload)):
            if opus:
                self._decode(self._unwrap(stamp), opus)

    def sound(self, samples: Samples, stamp: int) -> None:
        """Takes decoded sound, (n,) at HEARING_RATE_HZ, from sample `stamp` (modulo 2^32) of the sender's stream on; in
        order."""
        if not self._allowance.take(self._now()):
            self.refused += 1
            return
        self._place(samples, self._unwrap(stamp))

    def restart(self) -> None:
        """The packets that follow are of another connection: their numbers and times begin again."""
        self._lost_before += self._reorder_buffer.lost
        self._reorder_buffer, self._unwrap = ReorderBuffer(), CounterUnwrapper(32)
        self._decoder, self._end = OpusPacketDecoder(), None
        self._jitter_buffer.restart()

    def idle(self) -> None:
        """Adds silence while no sound arrives. To be called a few times a second."""
        for chunk in self._jitter_buffer.idle(self._now()):
            self._heard(chunk)

    def _decode(self, stamp: int, opus: bytes) -> None:
        at = stamp * HEARING_RATE_HZ // OPUS_RATE_HZ
        missing = at - self._end if self._end is not None else 0
        try:
            if COPIED <= missing <= MOST_REPAIRED:
                whole = missing // COPIED * COPIED
                repaired = self._decoder.repair(opus, whole)
                self.repaired += len(repaired)
                self._place(repaired, at - len(repaired))
            samples = self._decoder.decode(opus)
        except ValueError:
            self.undecodable += 1  # its time becomes silence, like that of a lost packet
            return
        self._end = at + len(samples)
        self._place(samples, at)

    def _place(self, samples: Samples, at: int) -> None:
        if len(samples):
            for chunk in self._jitter_buffer.place(samples, at, self._now()):
                self._heard(chunk)
