"""Audio to log-mel frames as Whisper computes them: whole clips, and a stream that gives every frame once.

16 kHz, window 400, hop 160: 100 frames a second, frame i centred on sample 160 i. The stream keeps the unscaled
spectrum of its buffer, so the cost of a second does not grow with the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad
from transformers.audio_utils import mel_filter_bank

from dialogue.errors import BadInput

RATE = 16_000
WINDOW = 400
HOP = 160
CLIP_S = 30  # Whisper's clip: longer audio is cut into pieces of this length
QUIETEST = -10.0  # log10 of the smallest power
RANGE = 8.0  # decades kept below the loudest frame

Samples = NDArray[np.float32]


def log_mel(samples: Samples, bins: int = 80, floor: bool = False) -> Tensor:
    """A clip of at most 30 s, float32 mono 16 kHz (n,) -> (bins, ceil(n / 160)).

    `floor` clips at a fixed level instead of RANGE below the loudest frame.
    """
    assert len(samples) <= CLIP_S * RATE, "cut longer audio with `pieces` first"
    # Silence after the clip, as much as a window reaches; Whisper pads to 30 s, with the same result.
    padded = pad(torch.tensor(samples, dtype=torch.float32), (0, min(2 * WINDOW, CLIP_S * RATE - len(samples))))
    spectrum = _spectrum(padded, bins)[:, :-1]
    return _scaled(spectrum, None if floor else spectrum.max())[:, : frames_of(len(samples))]


def log_mel_batch(clips: Sequence[Samples], bins: int = 80) -> tuple[Tensor, list[int]]:
    """A batch of clips padded with 0: (clips, bins, longest) and the number of frames of each."""
    mels = [log_mel(clip, bins) for clip in clips]
    lengths = [mel.shape[1] for mel in mels]
    return torch.stack([pad(mel, (0, max(lengths) - mel.shape[1])) for mel in mels]), lengths


def checked(samples: Samples) -> Samples:
    """`samples` unchanged. Raises BadInput for audio that is not float32 mono, not finite or too short."""
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise BadInput(f"Audio must be float32 mono samples, got {samples.dtype} of shape {samples.shape}.")
    if len(samples) < WINDOW:
        raise BadInput(f"The audio has {len(samples)} samples; give at least {WINDOW}.")
    if not np.isfinite(samples).all():
        raise BadInput("The audio has samples that are not finite; check the recording.")
    return samples


def pieces(samples: Samples) -> list[Samples]:
    """A clip cut into pieces of 30 s; the last piece may be shorter."""
    step = CLIP_S * RATE
    return [samples[start : start + step] for start in range(0, max(len(samples), 1), step)]


def frames_of(samples: int) -> int:
    """Mel frames of a clip of `samples` samples."""
    return -(-samples // HOP)


@dataclass(slots=True)
class MelStream:
    """Mel frames of one session's audio stream: samples in, one-second pieces out once their last window is complete.

    Every piece has 100 frames of its own and `overlap` frames of its neighbours on either side (none before the
    first), so that the encoder's convolutions see no seam. `lead` samples of silence precede the audio. Frames are
    clipped at a fixed floor until `settled_s` seconds are buffered, then at RANGE below the loudest frame of the last
    20 to 30 s. The result does not depend on how samples are chunked into pushes.
    """

    overlap: int = 0
    lead: int = 0
    bins: int = 80
    first: int = 103 * HOP  # samples of the first piece: a second and the rest of its last windows
    step: int = RATE
    settled_s: float = 5.0
    keep_s: int = 30
    slide_s: int = 10
    pieces_given: int = 0
    heard: Tensor = field(default_factory=lambda: torch.zeros(0))  # samples in the buffer
    dropped: int = 0  # samples that have left the buffer
    _waiting: Tensor = field(default_factory=lambda: torch.zeros(0))
    _spectrum: Tensor = field(default_factory=lambda: torch.zeros(0, 0))  # complete frames of the buffer

    def push(self, samples: Samples) -> list[Tensor]:
        """Mel of every piece that is complete now, each (bins, frames)."""
        if self.pieces_given == 0 and not len(self._waiting) and not len(self.heard):
            self._waiting = torch.zeros(self.lead)
        self._waiting = torch.cat([self._waiting, torch.tensor(samples, dtype=torch.float32)])
        out = []
        while len(self._waiting) >= (need := self.first if self.pieces_given == 0 else self.step):
            piece, self._waiting = self._waiting[:need], self._waiting[need:]
            out.append(self._advance(piece))
        return out

    @property
    def core(self) -> tuple[int, int]:
        """The last piece's own frames, counted since the start: first and one past the last."""
        own = self.step // HOP
        return (self.pieces_given - 1) * own, self.pieces_given * own

    def _advance(self, samples: Tensor) -> Tensor:
        self.heard = torch.cat([self.heard, samples])
        if len(self.heard) >= self.keep_s * RATE:
            self._slide()
        loudest = self._grow()
        self.pieces_given += 1
        begin, end = (frame - self.dropped // HOP for frame in self.core)
        frames = self._spectrum[:, max(begin - self.overlap, 0) : end + self.overlap]
        return _scaled(frames, loudest if len(self.heard) >= self.settled_s * RATE else None)

    def _slide(self) -> None:
        evicted = self.slide_s * RATE
        self.heard = self.heard[evicted:]
        self.dropped += evicted
        self._spectrum = self._spectrum[:, evicted // HOP :]

    def _grow(self) -> Tensor:
        """Add the frames whose windows are complete now; returns the loudest power of the buffer, edges included."""
        known, margin = self._spectrum.shape[1], WINDOW // 2
        if known:
            start = (known - 2) * HOP  # two frames of context, so that the mirrored edge touches no new frame
            tail = _spectrum(self.heard[start:], self.bins)[:, 2:-1]
        else:
            tail = _spectrum(self.heard, self.bins)[:, :-1]
        complete = (len(self.heard) - margin) // HOP + 1
        if known:
            self._spectrum = torch.cat([self._spectrum, tail[:, : complete - known]], dim=1)
        else:
            self._spectrum = tail[:, :complete]
        # The level includes the frames at both ends of the buffer, whose windows reach over the edge.
        head = _spectrum(self.heard[: 2 * WINDOW], self.bins)[:, :2]
        return torch.stack([self._spectrum.max(), tail.max(), head.max()]).max()


def _spectrum(samples: Tensor, bins: int) -> Tensor:
    """log10 of mel power, (bins, frames), with mirrored ends. In float64, because the quiet bins of a loud frame are
    differences of large numbers."""
    window = torch.hann_window(WINDOW, dtype=torch.float64)
    power = torch.stft(samples.double(), WINDOW, HOP, window=window, return_complex=True).abs() ** 2
    return (_bank(bins).T @ power).clamp_min(10.0**QUIETEST).log10().float()


def _scaled(spectrum: Tensor, loudest: Tensor | None) -> Tensor:
    clipped = spectrum if loudest is None else spectrum.clamp_min(loudest - RANGE)
    return (clipped + 4.0) / 4.0


@lru_cache(maxsize=4)
def _bank(bins: int) -> Tensor:
    """(201, bins) mel filters."""
    bank = mel_filter_bank(WINDOW // 2 + 1, bins, 0.0, RATE / 2, RATE, norm="slaney", mel_scale="slaney")
    return torch.from_numpy(bank)
