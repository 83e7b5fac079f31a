"""HiFT: mel to a waveform of 24 kHz, the last network of token2wav.

A HiFi-GAN (arXiv 2010.05646) that ends in an inverse Fourier transform (arXiv 2203.02395) and is driven by a voice
source. Parameter names, sizes and the order of operations are those of the published CosyVoice 2 sources, with which it
agrees on random weights; the published weights have not been here. Knows no stream: see token2wav.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.minicpm.speech.hift_source import PitchPredictor, Source

DILATIONS = (1, 3, 5)
LEAK = 0.1  # before each doubling; 0.01 before the last convolution
LOUDEST = 0.99
LARGEST = 100.0  # magnitude
STRIDE = 4  # samples between the frames of the inverse transform


@dataclass(frozen=True, slots=True)
class HiftSizes:
    """Read from the weights' shapes; the rates as published, since no shape tells them."""

    bins: int
    width: int
    transform: int
    harmonics: int
    pitch_width: int
    pitch_layers: int
    kernels: tuple[int, ...]  # of the stages that raise the rate
    block_kernels: tuple[int, ...]
    source_kernels: tuple[int, ...]
    rates: tuple[int, ...] = (8, 5, 3)

    @classmethod
    def of(cls, shapes: Mapping[str, Sequence[int]]) -> HiftSizes:
        """Of hift.pt, lengths and directions already made one. Raises KeyError with the name of what is missing."""
        width, bins, _ = shapes["conv_pre.weight"]
        stages = sum(name.startswith("ups.") and name.endswith(".weight") for name in shapes)
        blocks = sum(name.startswith("resblocks.") and name.endswith(".convs1.0.weight") for name in shapes) // stages
        pitch = [name for name in shapes if name.startswith("f0_predictor.condnet.") and name.endswith(".weight")]
        return cls(
            bins=bins,
            width=width,
            transform=shapes["conv_post.weight"][0] - 2,
            harmonics=shapes["m_source.l_linear.weight"][1] - 1,
            pitch_width=shapes["f0_predictor.classifier.weight"][1],
            pitch_layers=len(pitch),
            kernels=tuple(shapes[f"ups.{stage}.weight"][2] for stage in range(stages)),
            block_kernels=tuple(shapes[f"resblocks.{block}.convs1.0.weight"][2] for block in range(blocks)),
            source_kernels=tuple(shapes[f"source_resblocks.{stage}.convs1.0.weight"][2] for stage in range(stages)),
        )

    @property
    def hop(self) -> int:
        """Samples a mel frame."""
        return prod(self.rates) * STRIDE


class _Snake(nn.Module):
    """x + sin(a x)^2 / a (arXiv 2006.08195), `a` by channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.alpha[:, None]
        return x + (x * alpha).sin().square() / (alpha + 1e-9)


class _Residual(nn.Module):
    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()

        def convolution(dilation: int) -> nn.Conv1d:
            return nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)

        self.convs1 = nn.ModuleList(convolution(dilation) for dilation in DILATIONS)
        self.convs2 = nn.ModuleList(convolution(1) for _ in DILATIONS)
        self.activations1 = nn.ModuleList(_Snake(channels) for _ in DILATIONS)
        self.activations2 = nn.ModuleList(_Snake(channels) for _ in DILATIONS)

    def forward(self, x: Tensor) -> Tensor:
        steps = zip(self.activations1, self.convs1, self.activations2, self.convs2, strict=True)
        for bend, spread, bend_again, gather in steps:
            x = x + gather(bend_again(spread(bend(x))))
        return x


class Hift(nn.Module):
    """Weights under their published names."""

    def __init__(self, sizes: HiftSizes) -> None:
        super().__init__()
        self.sizes = sizes
        stages = range(len(sizes.rates))
        widths = [sizes.width >> stage for stage in range(len(sizes.rates) + 1)]
        self.f0_predictor = PitchPredictor(sizes.bins, sizes.pitch_width, sizes.pitch_layers)
        self.m_source = Source(sizes.harmonics, sizes.hop)
        self.conv_pre = nn.Conv1d(sizes.bins, sizes.width, 7, padding=3)
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(widths[stage], widths[stage + 1], kernel, rate, padding=(kernel - rate) // 2)
            for stage, kernel, rate in zip(stages, sizes.kernels, sizes.rates, strict=True)
        )
        self.source_downs = nn.ModuleList(
            _down(sizes.transform + 2, widths[stage + 1], prod(sizes.rates[stage + 1 :])) for stage in stages
        )
        self.source_resblocks = nn.ModuleList(
            _Residual(widths[stage + 1], sizes.source_kernels[stage]) for stage in stages
        )
        self.resblocks = nn.ModuleList(
            _Residual(widths[stage + 1], kernel) for stage in stages for kernel in sizes.block_kernels
        )
        self.conv_post = nn.Conv1d(widths[-1], sizes.transform + 2, 7, padding=3)
        self.register_buffer("window", torch.hann_window(sizes.transform), persistent=False)

    @torch.inference_mode()
    def forward(
        self, mel: Tensor, begun: Tensor | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mel (B, T, bins) -> sound (B, T * hop) and the source (B, T * hop) it was shaped from; `begun` (B, n)
        replaces the beginning of the source, so that what is made again is made alike."""
        frames = mel.transpose(1, 2)
        source = self.m_source(self.f0_predictor(frames), generator)[:, 0]
        if begun is not None:
            source = torch.cat([begun, source[:, begun.shape[1] :]], dim=1)
        return self._shaped(frames, source), source

    def _shaped(self, mel: Tensor, source: Tensor) -> Tensor:
        size, window = self.sizes.transform, self.window
        assert isinstance(window, Tensor)
        spectrum = torch.stft(source, size, STRIDE, size, window, return_complex=True)
        drive = torch.cat([spectrum.real, spectrum.imag], dim=1)
        x, kinds = self.conv_pre(mel), len(self.sizes.block_kernels)
        for stage, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, LEAK))
            if stage == len(self.ups) - 1:
                x = F.pad(x, (1, 0), mode="reflect")  # the transform has one frame more than there are strides
            x = x + self.source_resblocks[stage](self.source_downs[stage](drive))
            blocks = self.resblocks[stage * kinds : (stage + 1) * kinds]
            x = torch.stack([block(x) for block in blocks]).mean(dim=0)
        x = self.conv_post(F.leaky_relu(x))
        half = size // 2 + 1
        magnitude, phase = x[:, :half].exp().clamp(max=LARGEST), x[:, half:].sin()
        sound = torch.istft(torch.polar(magnitude, phase), size, STRIDE, size, window)
        return sound.clamp(-LOUDEST, LOUDEST)


def _down(channels: int, width: int, rate: int) -> nn.Conv1d:
    """The source at the rate of a stage."""
    if rate == 1:
        return nn.Conv1d(channels, width, 1)
    return nn.Conv1d(channels, width, 2 * rate, rate, padding=rate // 2)
