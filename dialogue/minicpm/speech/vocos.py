"""Mel to sound in one pass of the inverse Fourier transform (Vocos, arXiv 2306.00814), and the seams of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.errors import BadInput

RATE = 24_000
LOUDEST = 100.0


class VocosBlock(nn.Module):
    """ConvNeXt in one dimension."""

    def __init__(self, width: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, inner)
        self.pwconv2 = nn.Linear(inner, width)
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, T) -> (B, width, T)."""
        y = self.norm(self.dwconv(x).transpose(1, 2))
        return x + (self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))).transpose(1, 2)


class _Backbone(nn.Module):
    def __init__(self, bins: int, width: int, inner: int, kernel: int, blocks: int) -> None:
        super().__init__()
        self.embed = nn.Conv1d(bins, width, kernel, padding=kernel // 2)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.convnext = nn.Sequential(*(VocosBlock(width, inner, kernel) for _ in range(blocks)))
        self.final_layer_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        found: Tensor = self.final_layer_norm(self.convnext(x).transpose(1, 2))
        return found


class Vocos(nn.Module):
    """Made from the released file's tensors; parameters under their names there, float32 throughout.

    Raises BadInput where tensors are missing or do not fit together.
    """

    def __init__(self, tensors: Mapping[str, Tensor], hop: int = 256) -> None:
        super().__init__()
        try:
            self._make(tensors, hop)
        except (KeyError, ValueError, IndexError, RuntimeError) as error:  # of torch for shapes that do not fit
            told = " ".join(str(error).split())[:300]
            raise BadInput(f"The vocoder is not laid out as expected ({told}); download the model again.") from error

    def _make(self, tensors: Mapping[str, Tensor], hop: int) -> None:
        width, bins, kernel = tensors["backbone.embed.weight"].shape
        inner = tensors["backbone.convnext.0.pwconv1.weight"].shape[0]
        blocks = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("backbone.convnext."))
        if blocks > len(tensors):
            raise ValueError(f"{blocks} blocks in {len(tensors)} tensors")
        self.backbone = _Backbone(bins, width, inner, kernel, blocks)
        self.head = nn.ModuleDict({"out": nn.Linear(width, tensors["head.out.weight"].shape[0])})
        self.hop = hop
        self.register_buffer("window", tensors["head.istft.window"].float(), persistent=False)
        self.window: Tensor
        names = self.state_dict().keys()
        self.load_state_dict({name: tensors[name].float() for name in names})
        self.eval().requires_grad_(False)

    @torch.inference_mode()
    def forward(self, mel: Tensor) -> Tensor:
        """log-mel (B, bins, T) -> sound at 24 kHz (B, T * hop)."""
        level, phase = self.head["out"](self.backbone(mel)).transpose(1, 2).chunk(2, dim=1)
        return self._sound(torch.polar(level.exp().clamp_max(LOUDEST), phase))

    def _sound(self, spectrum: Tensor) -> Tensor:
        """Overlapped windows of complex (B, n_fft / 2 + 1, T), trimmed to a hop a frame."""
        size, frames = len(self.window), spectrum.shape[-1]
        pieces = torch.fft.irfft(spectrum, size, dim=1) * self.window[:, None]
        envelope = (self.window**2)[None, :, None].expand(1, -1, frames)
        total = (frames - 1) * self.hop + size

        def overlapped(x: Tensor) -> Tensor:
            return F.fold(x, (1, total), (1, size), stride=(1, self.hop))[:, 0, 0]

        trim = (size - self.hop) // 2
        return (overlapped(pieces) / overlapped(envelope).clamp_min(1e-11))[:, trim : total - trim]


@dataclass(slots=True, eq=False)
class Joiner:
    """Pieces of one voice, each of which repeats the end of the one before, without a seam. The end of what has come
    is held back until its successor is known; how much is up to `hold_all`: the whole piece, as published, or only
    the part that overlaps, which is heard sooner."""

    overlap: int
    hold_all: bool = False
    held: Tensor | None = None

    def add(self, piece: Tensor) -> Tensor:
        """The sound (n,) that is final now that `piece` is known."""
        if self.held is None:
            return self._hold(piece)
        common = min(self.overlap, len(self.held), len(piece))
        fade = torch.arange(1, common + 1, device=piece.device) / (common + 1)
        alone = len(self.held) - common
        both = self.held[alone:] * (1 - fade) + piece[:common] * fade
        return torch.cat([self.held[:alone], both, self._hold(piece[common:])])

    def end(self) -> Tensor:
        """What was held back."""
        held, self.held = self.held, None
        return torch.zeros(0) if held is None else held

    def _hold(self, piece: Tensor) -> Tensor:
        ready = 0 if self.hold_all else max(len(piece) - self.overlap, 0)
        self.held = piece[ready:]
        return piece[:ready]
