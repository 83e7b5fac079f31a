"""Opus packets of the far end's microphone -> one gapless 16 kHz stream.

Stands where aiortc's jitter buffer was, and so decodes on the event loop: 0.1 ms every 20 ms, and no thread between
a packet and the ear. Knows neither the peer connection nor what is done with the sound.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import av
import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from ui.rtc.jitter_buffer import JitterBuffer
from ui.rtc.reorder_buffer import ReorderBuffer, Unwrapping

log = logging.getLogger(__name__)

OPUS_RATE_HZ = 48_000  # of its RTP timestamps and of the decoder, whatever was sent


class OpusPacketDecoder:
    """Decoder and resampler of one stream. `hear` gives float32 mono at HEARING_RATE_HZ; a packet is 2.5-120 ms."""

    def __init__(self) -> None:
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.format = "s16"
        self._decoder.layout = "mono"
        self._decoder.sample_rate = OPUS_RATE_HZ
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=HEARING_RATE_HZ)

    def hear(self, packet: bytes) -> Samples:
        """Raises ValueError when the packet is not Opus."""
        frames = self._decoder.decode(av.Packet(packet))
        pieces = [piece.to_ndarray()[0] for frame in frames for piece in self._resampler.resample(frame)]
        return np.concatenate(pieces).astype(np.float32, copy=False) if pieces else np.zeros(0, np.float32)


class AudioReceiver:
    """Takes RTP packets as they come; `heard` is called with chunks in order and without gaps, on the event loop."""

    def __init__(self, heard: Callable[[Chunk], None], now: Callable[[], float]) -> None:
        self._heard, self._now = heard, now
        self._order: ReorderBuffer[tuple[int, bytes]] = ReorderBuffer()
        self._gapless = JitterBuffer()
        self._unwrap = Unwrapping(32)
        self._ear = OpusPacketDecoder()
        self.undecodable = 0

    @property
    def lost(self) -> int:
        return self._order.lost

    def packet(self, sequence: int, timestamp: int, payload: bytes) -> None:
        """One RTP packet, in any order; an empty payload only keeps the line open."""
        for stamp, opus in self._order.add(sequence, (timestamp, payload)):
            if opus:
                self._decode(self._unwrap(stamp), opus)

    def idle(self) -> None:
        """Ask a few times a second: lets time pass for a line that sends nothing."""
        for chunk in self._gapless.idle(self._now()):
            self._heard(chunk)

    def _decode(self, stamp: int, opus: bytes) -> None:
        try:
            samples = self._ear.hear(opus)
        except ValueError:
            self.undecodable += 1  # its time becomes silence, as if it were lost
            return
        for chunk in self._gapless.place(samples, stamp * HEARING_RATE_HZ // OPUS_RATE_HZ, self._now()):
            self._heard(chunk)
