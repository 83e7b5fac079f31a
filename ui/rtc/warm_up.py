"""Does before the first call what would block the event loop during one."""

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
def garbage_collection_frozen() -> Iterator[None]:
    """Exempts the objects that exist now from garbage collection, which takes 0.1 s with models loaded."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def warm_up_codecs() -> None:
    """Runs every codec once, which takes some tens of milliseconds."""
    RTCCertificate.generateCertificate()
    _run_opus()
    _run_vp8()


def _run_opus() -> None:
    encoder, decoder = OpusPacketEncoder(), OpusPacketDecoder()
    for number in range(3):
        decoder.decode(bytes(encoder.encode(np.zeros(FRAME, np.float32), number * FRAME)))


def _run_vp8() -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "yuv420p", Fraction(1, 10)
    black = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
    decoder = Vp8FrameDecoder()
    for packet in [*encoder.encode(black), *encoder.encode(None)]:
        decoder.decode(EncodedFrame(bytes(packet), True, 0.0), wanted=True)
