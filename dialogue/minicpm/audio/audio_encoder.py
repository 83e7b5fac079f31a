"""Mel to language-model rows: Whisper's encoder, a projector, and averaging over neighbours in time.

Whole clips are encoded at once, a stream second by second with its keys and values kept, so that a second is heard
with what came before it. The layers are transformers' own; the state of a stream is an object of the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, gelu, relu
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoderLayer

from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.minicpm.audio.mel import HOP, RATE, Samples, log_mel_batch, pieces

ENCODER, PROJECTOR = "apm.", "audio_projection_layer."
FRAMES_PER_S = RATE // HOP // 2  # the second convolution halves the mel rate


EarMark = tuple[int, int]


class EncoderCache:
    """Keys and values that a stream's earlier seconds left in every layer, up to as many frames as the encoder has
    positions. Speaks the part of transformers' cache protocol that an encoder layer uses."""

    def __init__(self, layers: int, heads: int, capacity: int, head_dim: int, like: Tensor) -> None:
        self._storage = torch.empty(layers, 2, heads, capacity, head_dim, dtype=like.dtype, device=like.device)
        self.length = 0
        self._begun = 0  # how often it has been emptied

    @property
    def nbytes(self) -> int:
        return self._storage.nbytes

    def clear(self) -> None:
        """What comes next is heard without what was heard so far."""
        self.length = 0
        self._begun += 1

    def mark(self) -> EarMark:
        return self._begun, self.length

    def rewind(self, mark: EarMark) -> None:
        """Back to a mark. What has been overwritten since, because the cache was emptied, stays forgotten."""
        begun, length = mark
        self.length = length if begun == self._begun else 0

    def update(self, keys: Tensor, values: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Add (1, heads, T, head_dim) of one layer; returns all of them. They count once `length` has moved."""
        end = self.length + keys.shape[2]
        self._storage[layer, 0, :, self.length : end] = keys[0]
        self._storage[layer, 1, :, self.length : end] = values[0]
        return self._storage[layer, None, 0, :, :end], self._storage[layer, None, 1, :, :end]

    def keys(self, layer: int) -> Tensor:
        """(heads, length, head_dim)."""
        return self._storage[layer, 0, :, : self.length]

    def values(self, layer: int) -> Tensor:
        return self._storage[layer, 1, :, : self.length]


class AudioEncoder(nn.Module):
    """Whisper's encoder under its checkpoint names. `fields` is the checkpoint's `audio_config`."""

    def __init__(self, fields: Mapping[str, Any], layers: int) -> None:
        super().__init__()
        config = WhisperConfig(
            d_model=fields["d_model"],
            encoder_attention_heads=fields["encoder_attention_heads"],
            encoder_ffn_dim=fields["encoder_ffn_dim"],
            activation_function=fields.get("activation_function", "gelu"),
            attn_implementation="sdpa",
        )
        width, self.positions, self.bins = config.d_model, fields["max_source_positions"], fields["num_mel_bins"]
        self.heads = config.encoder_attention_heads
        self.conv1 = nn.Conv1d(self.bins, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(self.positions, width)
        made = [WhisperEncoderLayer(config) for _ in range(layers)]
        for number, layer in enumerate(made):
            layer.self_attn.layer_idx = number  # where the layer's keys are in a cache
        self.layers = nn.ModuleList(made)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """(clips, bins, frames) -> (clips, ceil(frames / 2), width). `mask` is bool (clips, 1, T, T), True = seen."""
        return self._encode(self.convolve(mel), 0, mask)

    def step(self, cache: EncoderCache, mel: Tensor, drop_front: int = 0, drop_back: int = 0) -> Tensor:
        """The next piece of a stream, (bins, frames) -> (T, width); sees all of `cache` and itself.

        `drop_front` and `drop_back` convolved frames belong to the piece's neighbours and are left out. Where the
        positions would run out, the encoder starts anew from an empty cache (every 30 s).
        """
        frames = self.convolve(mel[None])
        frames = frames[:, drop_front : frames.shape[1] - drop_back]
        if cache.length + frames.shape[1] >= self.positions:
            cache.clear()
        hidden = self._encode(frames, cache.length, None, cache)
        cache.length += frames.shape[1]
        return hidden[0]

    def cache(self) -> EncoderCache:
        weight = self.conv1.weight
        return EncoderCache(len(self.layers), self.heads, self.positions, weight.shape[0] // self.heads, weight)

    def convolve(self, mel: Tensor) -> Tensor:
        """(clips, bins, frames) -> (clips, ceil(frames / 2), width), no frame having seen far."""
        mel = mel.to(self.conv1.weight)
        return gelu(self.conv2(gelu(self.conv1(mel)))).transpose(1, 2)

    def _encode(self, frames: Tensor, start: int, mask: Tensor | None, cache: EncoderCache | None = None) -> Tensor:
        places = torch.arange(start, start + frames.shape[1], device=frames.device).clamp_max(self.positions - 1)
        hidden = frames + self.embed_positions(places)
        for layer in self.layers:
            hidden = layer(hidden, mask, past_key_values=cache)
        return self.layer_norm(hidden)


class AudioProjector(nn.Module):
    """Encoder width to language-model width."""

    def __init__(self, features_in: int, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(features_in, width)
        self.linear2 = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.linear2(relu(self.linear1(hidden)))


@dataclass(frozen=True, eq=False)
class AudioTower:
    """Sound to rows of the language model. `pool` encoder frames make one row; `block_s` is how far ahead a frame of
    a whole clip may look: to the end of its own block of that many seconds (None: everywhere)."""

    encoder: AudioEncoder
    projector: AudioProjector
    pool: int
    block_s: float | None

    @classmethod
    def of(cls, checkpoint: Checkpoint, dtype: torch.dtype = torch.float32, device: str = "cpu") -> AudioTower:
        config = checkpoint.config
        block = float(config.get("audio_chunk_length", 1.0))
        encoder, projector = blank_encoder(checkpoint), blank_projector(checkpoint)
        return cls(
            encoder=checkpoint.fill(encoder, ENCODER, dtype, device),
            projector=checkpoint.fill(projector, PROJECTOR, dtype, device),
            pool=int(config["audio_pool_step"]),
            block_s=block if block > 0 else None,
        )

    @torch.inference_mode()
    def whole(self, clips: Sequence[Samples], look_ahead: bool = False) -> list[Tensor]:
        """Each clip -> (rows, width), encoded side by side; longer ones than 30 s in pieces. `look_ahead`: every
        frame sees its whole piece, whatever `block_s` says."""
        cut = [pieces(clip) for clip in clips]
        rows = iter(self._pieces([piece for parts in cut for piece in parts], look_ahead))
        return [torch.cat([next(rows) for _ in parts]) for parts in cut]

    @torch.inference_mode()
    def step(self, cache: EncoderCache, mel: Tensor, drop_front: int = 0, drop_back: int = 0) -> Tensor:
        """The next piece of a stream, see AudioEncoder.step -> (rows, width)."""
        return self.rows(self.encoder.step(cache, mel, drop_front, drop_back))

    def rows(self, hidden: Tensor) -> Tensor:
        """Encoder output (T, d) -> (T // pool, width). Projected, then averaged; a remainder is dropped."""
        if hidden.shape[0] < self.pool:
            return hidden.new_zeros(0, self.projector.linear2.out_features)
        return avg_pool1d(self.projector(hidden).T, self.pool).T

    def mask(self, frames: int, mel_lengths: Sequence[int], look_ahead: bool = False) -> Tensor:
        """bool (clips, 1, frames, frames): who sees whom among the encoder frames of padded clips.

        Padding is told from sound by the length in MEL frames, which are twice as many: up to that index it is
        seen. An error of the published code that the weights have learnt with.
        """
        index = torch.arange(frames)
        seen = index < torch.tensor(mel_lengths)[:, None]
        seen = seen[:, None, :].expand(-1, frames, -1)
        if self.block_s is not None and not look_ahead:
            block = index // round(self.block_s * FRAMES_PER_S)
            seen = seen & (block[:, None] >= block)
        return seen[:, None]

    @torch.inference_mode()
    def encode(self, mel: Tensor, lengths: Sequence[int], look_ahead: bool = False) -> Tensor:
        """Padded mel (clips, bins, frames) of these lengths -> (clips, ceil(frames / 2), d)."""
        mask = self.mask((mel.shape[2] + 1) // 2, lengths, look_ahead)
        return self.encoder(mel, mask.to(self.encoder.conv1.weight.device))

    def _pieces(self, clips: list[Samples], look_ahead: bool) -> list[Tensor]:
        mel, lengths = log_mel_batch(clips, self.encoder.bins)
        hidden = self.encode(mel, lengths, look_ahead)
        return [self.rows(one[: (length + 1) // 2]) for one, length in zip(hidden, lengths, strict=True)]


def row_count(samples: int, pool: int) -> int:
    """Rows of the language model for a clip of this many samples (of one piece, at most 30 s)."""
    frames = (-(-samples // HOP) - 1) // 2 + 1
    return max((frames - pool) // pool + 1, 0)


def blank_encoder(checkpoint: Checkpoint) -> AudioEncoder:
    """Without weights."""
    with torch.device("meta"):
        return AudioEncoder(checkpoint.config["audio_config"], checkpoint.layers(f"{ENCODER}layers."))


def blank_projector(checkpoint: Checkpoint) -> AudioProjector:
    """Without weights."""
    width, features = checkpoint.shape(f"{PROJECTOR}linear1.weight")
    with torch.device("meta"):
        return AudioProjector(features, width)
