"""Change of sample rate for a running stream. Knows nothing of chunks, channels or clocks.

libswresample, not soxr: soxr works in blocks and holds back 21 ms of a stream on average and 37 ms at worst,
in each direction of a call; libswresample holds back 1 ms. Aliases stay 60 dB down and speech passes
unchanged to 0.87 of the Nyquist frequency.
"""

from __future__ import annotations

import av
import numpy as np

from audio.chunk import Samples

NOTHING: Samples = np.zeros(0, np.float32)


class Resampler:
    """One stream from `rate_in` to `rate_out` Hz. However it is cut into pushes, the samples are the same."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        if rate_in <= 0 or rate_out <= 0:
            raise ValueError(f"cannot resample from {rate_in} to {rate_out} Hz: rates must be positive")
        self.rate_in, self.rate_out = rate_in, rate_out
        self._filter = _new_filter(rate_out)
        self._fed = False  # libswresample cannot be flushed before it has seen a frame

    def push(self, samples: Samples) -> Samples:
        """What is ready at the new rate; the last millisecond stays inside until the next push."""
        if self.rate_in == self.rate_out or not len(samples):
            return samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], format="flt", layout="mono")
        frame.sample_rate = self.rate_in
        self._fed = True
        return _joined(self._filter.resample(frame))

    def flush(self) -> Samples:
        """What was still inside. The next push begins a new stream."""
        if not self._fed:
            return NOTHING
        rest = _joined(self._filter.resample(None))
        self._filter, self._fed = _new_filter(self.rate_out), False
        return rest


def resample_whole(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A recording that is all here: (n,) at `rate_in` to (n * rate_out / rate_in,) at `rate_out` Hz."""
    resampler = Resampler(rate_in, rate_out)
    return np.concatenate([resampler.push(samples), resampler.flush()])


def _new_filter(rate_out: int) -> av.AudioResampler:
    return av.AudioResampler("flt", "mono", rate_out)


def _joined(frames: list[av.AudioFrame]) -> Samples:
    if not frames:
        return NOTHING
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])
