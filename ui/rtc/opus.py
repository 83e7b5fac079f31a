"""Decodes Opus with libopus itself, which repairs lost packets: FFmpeg's interface to it cannot.

libopus comes with PyAV's wheel, or from the system. It decodes to 16 kHz directly, without a resampler.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path

import av
import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples

MOST_SAMPLES = HEARING_RATE_HZ * 120 // 1000  # of a packet
FEWEST_SAMPLES = HEARING_RATE_HZ // 400  # 2.5 ms; sound is repaired in multiples of it


@cache
def opus_library() -> ctypes.CDLL | None:
    """libopus; None where it is not found."""
    bundled = sorted((Path(av.__file__).parent.parent / "av.libs").glob("libopus*"))
    for name in (*map(str, bundled), ctypes.util.find_library("opus")):
        if name is None:
            continue
        try:
            library = ctypes.CDLL(name)
            library.opus_decoder_create.restype = ctypes.c_void_p
            library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
            library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
            library.opus_decode_float.argtypes = [
                ctypes.c_void_p,
                ctypes.c_char_p,
                ctypes.c_int32,
                ctypes.c_void_p,
                ctypes.c_int,
                ctypes.c_int,
            ]
        except (OSError, AttributeError):
            continue
        return library
    return None


class OpusDecoder:
    """Decoder of one stream to mono float32 at HEARING_RATE_HZ."""

    def __init__(self, library: ctypes.CDLL) -> None:
        error = ctypes.c_int()
        self._library = library
        self._state = library.opus_decoder_create(HEARING_RATE_HZ, 1, ctypes.byref(error))
        if not self._state:
            raise RuntimeError(f"libopus gives no decoder (error {error.value}).")
        self._pcm = np.zeros(MOST_SAMPLES, np.float32)

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.opus_decoder_destroy(self._state)

    def decode(self, packet: bytes) -> Samples:
        """The sound of a packet, (n,). Raises ValueError when it is not Opus."""
        return self._decoded(packet, MOST_SAMPLES, repair=False)

    def repair(self, following: bytes | None, n: int) -> Samples:
        """`n` lost samples, a multiple of FEWEST_SAMPLES: from the copy in the packet that follows them, else guessed.

        To be called before that packet is decoded."""
        assert 0 < n <= MOST_SAMPLES and n % FEWEST_SAMPLES == 0
        return self._decoded(following, n, repair=True)

    def _decoded(self, packet: bytes | None, n: int, *, repair: bool) -> Samples:
        length = 0 if packet is None else len(packet)
        count = self._library.opus_decode_float(self._state, packet, length, self._pcm.ctypes.data, n, int(repair))
        if count < 0:
            raise ValueError(f"A packet is not Opus (error {count}).")
        return self._pcm[:count].copy()
