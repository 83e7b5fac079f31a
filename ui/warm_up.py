"""Runs every codec once before the first call: what is loaded in the middle of one is heard as a gap."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from aiortc import RTCCertificate
from aiortc.codecs.opus import OpusEncoder

from ui.camera import Vp8Eye
from ui.frames import EncodedFrame
from ui.microphone import OpusEar
from ui.outgoing import FRAME, RATE_HZ


def warm_up_codecs() -> None:
    """Takes some tens of milliseconds."""
    RTCCertificate.generateCertificate()
    _hear_and_speak()
    _see()


def _hear_and_speak() -> None:
    encoder, ear = OpusEncoder(), OpusEar()
    for number in range(3):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, FRAME), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, number * FRAME
        for payload in encoder.encode(frame)[0]:
            ear.hear(payload)


def _see() -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "yuv420p", Fraction(1, 10)
    black = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
    eye = Vp8Eye()
    for packet in [*encoder.encode(black), *encoder.encode(None)]:
        eye.see(EncodedFrame(bytes(packet), True, 0.0), wanted=True)
