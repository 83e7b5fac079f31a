"""Sound to log-mel frames as Whisper does it: whole clips, and a stream that gives every frame once.

16 kHz, window 400, hop 160: 100 frames a second, frame i centred on sample 160 i. The stream keeps the raw
spectrum of what it has heard, so a second costs a second however long the session is. Knows no encoder.
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
CLIP_S = 30  # Whisper's clip: longer sound is cut into pieces of this length
QUIETEST = -10.0  # log10 of the smallest power told apart from silence
RANGE = 8.0  # decades kept below the loudest frame

Samples = NDArray[np.float32]


def log_mel(samples: Samples, bins: int = 80, floor: bool = False) -> Tensor:
    """A clip of at most 30 s, float32 mono 16 kHz (n,) -> (bins, ceil(n / 160)).

    `floor` clips at a fixed level instead of RANGE below the loudest frame.
    """
    assert len(samples) <= CLIP_S * RATE, "cut longer sound with `pieces` first"
    # Silence behind the clip, as much as a window can see; Whisper itself pads to 30 s, with the same result.
    padded = pad(torch.tensor(samples, dtype=torch.float32), (0, min(2 * WINDOW, CLIP_S * RATE - len(samples))))
    spectrum = _spectrum(padded, bins)[:, :-1]
    return _scaled(spectrum, None if floor else spectrum.max())[:, : frames_of(len(samples))]


def log_mel_batch(clips: Sequence[Samples], bins: int = 80) -> tuple[Tensor, list[int]]:
    """Clips side by side, padded with 0: (clips, bins, longest) and the frames of each."""
    mels = [log_mel(clip, bins) for clip in clips]
    lengths = [mel.shape[1] for mel in mels]
    return torch.stack([pad(mel, (0, max(lengths) - mel.shape[1])) for mel in mels]), lengths


def checked(samples: Samples) -> Samples:
    """Sound that can be heard at all. Raises BadInput for what is no mono sound, is not finite or is too short."""
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise BadInput(f"Sound must be float32 mono samples, got {samples.dtype} of shape {samples.shape}.")
    if len(samples) < WINDOW:
        raise BadInput(f"{len(samples)} samples of sound are too few to hear anything; give at least {WINDOW}.")
    if not np.isfinite(samples).all():
        raise BadInput("The sound has samples that are no numbers; check the recording.")
    return samples


def pieces(samples: Samples) -> list[Samples]:
    """A clip cut into pieces of 30 s; the last one may be shorter."""
    step = CLIP_S * RATE
    return [samples[start : start + step] for start in range(0, max(len(samples), 1), step)]


def frames_of(samples: int) -> int:
    """Mel frames of a clip."""
    return -(-samples // HOP)


@dataclass(slots=True)
class MelStream:
    """One session's ear: samples in, one-second pieces of mel out as soon as their last window is complete.

    Every piece has 100 frames of its own, and `overlap` frames more of its neighbours on either side (none before
    the first), so that an encoder with a small field of view sees no seam. `lead` samples of silence are put in
    front. Levels follow what was heard: a fixed floor until `settled_s` seconds are known, then RANGE below the
    loudest frame of the last 20 to 30 s. Chunking does not matter: levels change with pieces, not with pushes.
    """

    overlap: int = 0
    lead: int = 0
    bins: int = 80
    first: int = 103 * HOP  # samples of the first piece: a second and what its last windows still need
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
        """The last piece's own frames, counted since the beginning: first and one past the last."""
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
        gone = self.slide_s * RATE
        self.heard = self.heard[gone:]
        self.dropped += gone
        self._spectrum = self._spectrum[:, gone // HOP :]

    def _grow(self) -> Tensor:
        """Add the frames whose windows are complete now; the loudest power of the buffer, its edges included."""
        known, margin = self._spectrum.shape[1], WINDOW // 2
        if known:
            start = (known - 2) * HOP  # two frames of context: the mirrored edge of this span touches no new frame
            tail = _spectrum(self.heard[start:], self.bins)[:, 2:-1]
        else:
            tail = _spectrum(self.heard, self.bins)[:, :-1]
        complete = (len(self.heard) - margin) // HOP + 1
        if known:
            self._spectrum = torch.cat([self._spectrum, tail[:, : complete - known]], dim=1)
        else:
            self._spectrum = tail[:, :complete]
        # The frames at both ends of the buffer, where windows reach over the edge, count for the level as well.
        head = _spectrum(self.heard[: 2 * WINDOW], self.bins)[:, :2]
        return torch.stack([self._spectrum.max(), tail.max(), head.max()]).max()


def _spectrum(samples: Tensor, bins: int) -> Tensor:
    """log10 of mel power, (bins, frames); the windows at the ends see the sound mirrored. In float64, because the
    quiet bins of a loud frame are differences of large numbers."""
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
