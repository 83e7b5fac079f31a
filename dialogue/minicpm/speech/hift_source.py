"""What HiFT shapes a voice from: sines at the pitch and its harmonics, and noise where there is no voice.

A neural source filter (arXiv 1904.12088) whose phase is summed up at the frame rate. Constants and order of
operations are those of the published CosyVoice 2 sources, with which it agrees but for the order noise is drawn in.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE = 24_000
LOUDNESS, BREATH = 0.1, 0.003  # of the sines, and of the noise that voice has as well
VOICED_HZ = 10.0


class PitchPredictor(nn.Module):
    """Mel (B, bins, T) -> pitch in Hz (B, T); below VOICED_HZ there is no voice."""

    def __init__(self, bins: int, width: int, layers: int) -> None:
        super().__init__()
        convolutions = [nn.Conv1d(width if number else bins, width, 3, padding=1) for number in range(layers)]
        self.condnet = nn.Sequential(*(part for conv in convolutions for part in (conv, nn.ELU())))
        self.classifier = nn.Linear(width, 1)

    def forward(self, mel: Tensor) -> Tensor:
        pitch: Tensor = self.classifier(self.condnet(mel).transpose(1, 2))
        return pitch[..., 0].abs()


class Source(nn.Module):
    """Pitch (B, T) -> waveform (B, 1, T * hop)."""

    def __init__(self, harmonics: int, hop: int) -> None:
        super().__init__()
        self.hop = hop
        self.l_linear = nn.Linear(harmonics + 1, 1)

    def forward(self, pitch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        multiples = torch.arange(1, self.l_linear.in_features + 1, device=pitch.device)
        frequencies = pitch[..., None].repeat_interleave(self.hop, dim=1) * multiples
        voiced = (frequencies[..., :1] > VOICED_HZ).to(frequencies)
        sines = LOUDNESS * self._sines(frequencies, generator)
        noise = torch.randn(sines.shape, generator=generator).to(sines)
        sound = sines * voiced + noise * (voiced * BREATH + (1 - voiced) * LOUDNESS / 3)
        return torch.tanh(self.l_linear(sound)).transpose(1, 2)

    def _sines(self, frequencies: Tensor, generator: torch.Generator | None) -> Tensor:
        """(B, samples, harmonics). The phase of the fundamental begins at nothing, those of the others anywhere. It
        moves in a straight line from frame to frame."""
        turns = (frequencies / RATE) % 1
        begin = torch.rand(turns.shape[0], turns.shape[2], generator=generator).to(turns)
        begin[:, 0] = 0
        turns[:, 0] += begin
        slow = F.interpolate(turns.transpose(1, 2), scale_factor=1 / self.hop, mode="linear")
        phase = slow.cumsum(dim=-1) * (2 * math.pi) * self.hop
        return F.interpolate(phase, scale_factor=self.hop, mode="linear").transpose(1, 2).sin()
