"""Before the first call: whatever would hold up the event loop in the middle of one is done now, or never."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
from aiortc import RTCCertificate

from ui.rtc.camera import Vp8FrameDecoder
from ui.rtc.frames import EncodedFrame
from ui.rtc.microphone import OpusPacketDecoder
from ui.rtc.outgoing import FRAME, OpusPacketEncoder


@contextmanager
def loaded_objects_left_alone() -> Iterator[None]:
    """What exists now is not garbage and is not looked through for any: with models loaded that takes 0.1 s a time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def warm_up_codecs() -> None:
    """Runs every codec once. Takes some tens of milliseconds."""
    RTCCertificate.generateCertificate()
    _hear_and_speak()
    _see()


def _hear_and_speak() -> None:
    mouth, ear = OpusPacketEncoder(), OpusPacketDecoder()
    for number in range(3):
        ear.hear(bytes(mouth.say(np.zeros(FRAME, np.float32), number * FRAME)))


def _see() -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "yuv420p", Fraction(1, 10)
    black = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
    eye = Vp8FrameDecoder()
    for packet in [*encoder.encode(black), *encoder.encode(None)]:
        eye.see(EncodedFrame(bytes(packet), True, 0.0), wanted=True)
