"""Audio codes to mel: the decoder half of o 2.6's discrete VAE. The encoder half is unused and not loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_tensors import Shapes

DECODER = "tts.dvae."
LEVELS, DIGITS = 5, 4  # a code is DIGITS digits with LEVELS values each
GROUPS, RESIDUALS = 2, 2


class _Group(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.project_out = nn.Linear(DIGITS, width)

    def forward(self, values: Tensor) -> Tensor:
        found: Tensor = self.project_out(values)
        return found


class Codebook(nn.Module):
    """Grouped residual finite scalar dequantisation (arXiv 2309.15505): codes are numbers, not entries of a table.
    Each residual is scaled by 1 / (LEVELS - 1), as in the library version the weights were trained with (1.18);
    current versions divide by LEVELS."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rvqs = nn.ModuleList(_Group(width // GROUPS) for _ in range(GROUPS))

    def forward(self, codes: Tensor) -> Tensor:
        """int64 (B, T, groups * residuals), group by group -> (B, width, T)."""
        powers = LEVELS ** torch.arange(DIGITS, device=codes.device)
        digits = codes.unflatten(-1, (GROUPS, RESIDUALS))[..., None] // powers % LEVELS
        half = LEVELS // 2
        weights = (LEVELS - 1.0) ** -torch.arange(RESIDUALS, device=codes.device)[:, None]
        values = ((digits - half) / half * weights).sum(-2)  # (B, T, groups, digits)
        found = [group(value) for group, value in zip(self.rvqs, values.unbind(2), strict=True)]
        return torch.cat(found, dim=-1).transpose(1, 2)


class DvaeBlock(nn.Module):
    """ConvNeXt in one dimension (arXiv 2201.03545) with a dilated depthwise filter."""

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


@dataclass(frozen=True, slots=True)
class CodeSizes:
    """Sizes of the decoder. No config states them; the defaults are those of the released file."""

    features: int = 512
    bottleneck: int = 128
    width: int = 256
    inner: int = 1024
    kernel: int = 7
    blocks: int = 12
    bins: int = 100

    @classmethod
    def of(cls, shapes: Shapes) -> CodeSizes:
        """From the shapes of a checkpoint's tensors; missing tensors give the released sizes."""
        usual = cls()

        def size(name: str, axis: int, otherwise: int) -> int:
            shape = shapes.get(DECODER + name, ())
            return shape[axis] if len(shape) > axis else otherwise

        block = re.compile(rf"{re.escape(DECODER)}decoder\.decoder_block\.(\d+)\.")
        numbers = [int(found[1]) for found in map(block.match, shapes) if found]
        return cls(
            features=size("decoder.conv_in.0.weight", 1, usual.features),
            bottleneck=size("decoder.conv_in.0.weight", 0, usual.bottleneck),
            width=size("decoder.conv_in.2.weight", 0, usual.width),
            inner=size("decoder.decoder_block.0.pwconv1.weight", 0, usual.inner),
            kernel=size("decoder.decoder_block.0.dwconv.weight", 2, usual.kernel),
            blocks=max(numbers, default=usual.blocks - 1) + 1,
            bins=size("out_conv.weight", 0, usual.bins),
        )


class CodeDecoder(nn.Module):
    """The decoder with its parameters under their checkpoint names."""

    def __init__(self, sizes: CodeSizes) -> None:
        super().__init__()
        features, width = sizes.features, sizes.width
        self.vq_layer = nn.ModuleDict({"quantizer": Codebook(features * 2)})
        conv_in = nn.Sequential(
            nn.Conv1d(features, sizes.bottleneck, 3, padding=1),
            nn.GELU(),
            nn.Conv1d(sizes.bottleneck, width, 3, padding=1),
        )
        blocks = (DvaeBlock(width, sizes.inner, sizes.kernel, dilation=2) for _ in range(sizes.blocks))
        conv_out = nn.Conv1d(width, features, 1, bias=False)
        self.decoder = nn.ModuleDict(
            {"conv_in": conv_in, "decoder_block": nn.Sequential(*blocks), "conv_out": conv_out}
        )
        self.out_conv = nn.Conv1d(features, sizes.bins, 3, padding=1, bias=False)
        self.coef = nn.Parameter(torch.empty(1, sizes.bins, 1))

    @classmethod
    def of(cls, checkpoint: Checkpoint, device: str = "cpu") -> CodeDecoder:
        with torch.device("meta"):
            blank = cls(CodeSizes.of(checkpoint.shapes))
        return checkpoint.fill(blank, DECODER, torch.float32, device)

    def features(self, codes: Tensor) -> Tensor:
        """int64 (B, T, 4) -> (B, features, T)."""
        found: Tensor = self.vq_layer["quantizer"](codes)
        return found

    def forward(self, codes: Tensor) -> Tensor:
        """int64 (B, T, 4) -> log-mel (B, bins, 2 T): two frames for each code."""
        features = self.features(codes)
        x = features.unflatten(1, (2, -1)).permute(0, 2, 3, 1).flatten(2)
        x = self.decoder["conv_out"](self.decoder["decoder_block"](self.decoder["conv_in"](x)))
        return self.out_conv(x) * self.coef
