"""Encodes the next piece of several audio streams in one pass of the encoder.

Pieces of the same length form a batch for convolutions and matrix products; attention runs for each stream over its
own cache. A single stream is a batch of one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.models.whisper.modeling_whisper import WhisperEncoderLayer

from dialogue.llm.batching import Stage
from dialogue.minicpm.audio.audio_encoder import AudioEncoder, AudioTower, EncoderCache


@dataclass(frozen=True, slots=True, eq=False)
class EncodeAudio:
    """The next piece of a stream, mel (bins, frames) -> rows (n, width); fields as in `AudioEncoder.step`."""

    audio: AudioTower
    cache: EncoderCache
    mel: Tensor
    drop_front: int = 0
    drop_back: int = 0
    stage: Stage = Stage.LISTEN

    def batch_key(self) -> Hashable:
        return id(self.audio), tuple(self.mel.shape), self.drop_front, self.drop_back

    @torch.inference_mode()
    def compute_batch(self, requests: Sequence[EncodeAudio]) -> list[Tensor]:
        encoder = self.audio.encoder
        frames = encoder.convolve(torch.stack([one.mel for one in requests]))
        frames = frames[:, self.drop_front : frames.shape[1] - self.drop_back]
        heard = encode(encoder, frames, [one.cache for one in requests])
        return [self.audio.rows(hidden) for hidden in heard]


def encode(encoder: AudioEncoder, frames: Tensor, caches: Sequence[EncoderCache]) -> Tensor:
    """Convolved frames (streams, T, width) -> (streams, T, width); appends to the streams' caches."""
    count = frames.shape[1]
    for cache in caches:
        if cache.length + count >= encoder.positions:
            cache.clear()
    starts = torch.tensor([cache.length for cache in caches], device=frames.device)
    positions = starts[:, None] + torch.arange(count, device=frames.device)
    hidden = frames + encoder.embed_positions(positions.clamp_max(encoder.positions - 1))
    for number, layer in enumerate(encoder.layers):
        assert isinstance(layer, WhisperEncoderLayer)
        hidden = hidden + _attend(layer, number, layer.self_attn_layer_norm(hidden), caches)
        hidden = hidden + layer.fc2(layer.activation_fn(layer.fc1(layer.final_layer_norm(hidden))))
    for cache in caches:
        cache.length += count
    normed: Tensor = encoder.layer_norm(hidden)
    return normed


def _attend(layer: WhisperEncoderLayer, number: int, hidden: Tensor, caches: Sequence[EncoderCache]) -> Tensor:
    """Every stream attends to all of its cache and all of its piece."""
    own = layer.self_attn
    query, key, value = (
        product(hidden).unflatten(-1, (own.num_heads, own.head_dim)).transpose(1, 2)
        for product in (own.q_proj, own.k_proj, own.v_proj)
    )
    attended = []
    for stream, cache in enumerate(caches):
        keys, values = cache.update(key[stream, None], value[stream, None], number)
        attended.append(F.scaled_dot_product_attention(query[stream, None], keys, values, scale=own.scaling))
    mixed: Tensor = own.out_proj(torch.cat(attended).transpose(1, 2).flatten(2))
    return mixed
