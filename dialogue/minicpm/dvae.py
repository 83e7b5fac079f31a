"""Codes to mel: o 2.6's decoder of discrete sound. The encoding half is not needed to speak and not read."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.minicpm.checkpoint import Checkpoint

DECODER = "tts.dvae."
LEVELS, DIGITS = 5, 4  # of a code: so many digits of so many levels
GROUPS, RESIDUALS = 2, 2


class _Group(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.project_out = nn.Linear(DIGITS, width)

    def forward(self, values: Tensor) -> Tensor:
        found: Tensor = self.project_out(values)
        return found


class Codebook(nn.Module):
    """Grouped residual finite scalar quantisation (arXiv 2309.15505), backwards: codes are numbers, not entries of
    a table. Later residuals count 1 / (LEVELS - 1) as much as the ones before, as in the version of the library
    that the weights were made with (1.18); today's divides by LEVELS."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rvqs = nn.ModuleList(_Group(width // GROUPS) for _ in range(GROUPS))

    def forward(self, codes: Tensor) -> Tensor:
        """int64 (B, T, groups * residuals), group by group -> (B, width, T)."""
        places = LEVELS ** torch.arange(DIGITS, device=codes.device)
        digits = codes.unflatten(-1, (GROUPS, RESIDUALS))[..., None] // places % LEVELS
        half = LEVELS // 2
        weights = (LEVELS - 1.0) ** -torch.arange(RESIDUALS, device=codes.device)[:, None]
        values = ((digits - half) / half * weights).sum(-2)  # (B, T, groups, digits)
        found = [group(value) for group, value in zip(self.rvqs, values.unbind(2), strict=True)]
        return torch.cat(found, dim=-1).transpose(1, 2)


class Block(nn.Module):
    """ConvNeXt in one dimension (arXiv 2201.03545), with holes in the depthwise filter."""

    def __init__(self, width: int, inner: int, kernel: int, dilation: int) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.dwconv = nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, inner)
        self.pwconv2 = nn.Linear(inner, width)
        self.coef = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, T) -> (B, width, T)."""
        y = self.norm(self.dwconv(x).transpose(1, 2))
        y = self.pwconv2(F.gelu(self.pwconv1(y))) * self.coef
        return x + y.transpose(1, 2)


class CodeDecoder(nn.Module):
    """Parameters under their checkpoint names; sizes from the file (`shape` gives a tensor's shape by name)."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()

        def shape(name: str) -> tuple[int, ...]:
            return checkpoint.shape(DECODER + name)

        bottleneck, features, _ = shape("decoder.conv_in.0.weight")
        width, _, _ = shape("decoder.conv_in.2.weight")
        inner, _ = shape("decoder.decoder_block.0.pwconv1.weight")
        kernel = shape("decoder.decoder_block.0.dwconv.weight")[-1]
        bins, _, _ = shape("out_conv.weight")
        blocks = checkpoint.layers(f"{DECODER}decoder.decoder_block.")
        self.vq_layer = nn.ModuleDict({"quantizer": Codebook(features * 2)})
        self.decoder = nn.ModuleDict(
            {
                "conv_in": nn.Sequential(
                    nn.Conv1d(features, bottleneck, 3, padding=1), nn.GELU(), nn.Conv1d(bottleneck, width, 3, padding=1)
                ),
                "decoder_block": nn.Sequential(*(Block(width, inner, kernel, dilation=2) for _ in range(blocks))),
                "conv_out": nn.Conv1d(width, features, 1, bias=False),
            }
        )
        self.out_conv = nn.Conv1d(features, bins, 3, padding=1, bias=False)
        self.coef = nn.Parameter(torch.empty(1, bins, 1))

    @classmethod
    def of(cls, checkpoint: Checkpoint, device: str = "cpu") -> CodeDecoder:
        with torch.device("meta"):
            blank = cls(checkpoint)
        return checkpoint.fill(blank, DECODER, torch.float32, device)

    def features(self, codes: Tensor) -> Tensor:
        """int64 (B, T, 4) -> (B, features, T)."""
        found: Tensor = self.vq_layer["quantizer"](codes)
        return found

    def forward(self, codes: Tensor) -> Tensor:
        """int64 (B, T, 4) -> log-mel (B, bins, 2 T): every code is two frames."""
        features = self.features(codes)
        x = features.unflatten(1, (2, -1)).permute(0, 2, 3, 1).flatten(2)
        x = self.decoder["conv_out"](self.decoder["decoder_block"](self.decoder["conv_in"](x)))
        return self.out_conv(x) * self.coef
