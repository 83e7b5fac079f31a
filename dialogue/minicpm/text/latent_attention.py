"""MiniCPM3's attention on latents: transformers' block with its two inner products in another order.

The published order computes keys and values of all heads for the whole context at every step, which takes a CPU
seconds a token. Here the query is projected into the latent space and the result out of it: the same result (weight
absorption, DeepSeek-V2, arXiv 2405.04434, section 2.1.2) at one sixtieth of the cost. Everything else, names
included, is transformers' class. For one session at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import MiniCPM3Config
from transformers.models.minicpm3.modeling_minicpm3 import MiniCPM3Attention, apply_rotary_pos_emb

from dialogue.llm.checkpoints.adapter import Adapter, LowRank
from dialogue.llm.precision import Precision
from dialogue.minicpm.text.latent_cache import LatentCache
from dialogue.minicpm.text.latent_weights import LatentWeights


@dataclass(slots=True)
class Running:
    """The adapter of the session whose step runs; one runs at a time."""

    adapter: Adapter | None = None

    def part(self, name: str) -> LowRank | None:
        return None if self.adapter is None else self.adapter.parts.get(name)


class LatentAttention(MiniCPM3Attention):
    """`settle` is called once with the loaded weights; it then removes `kv_b_proj`."""

    def __init__(self, config: MiniCPM3Config, layer: int, running: Running) -> None:
        super().__init__(config, layer)
        self._name, self._running = f"model.layers.{layer}.self_attn.kv_b_proj", running
        self._heads, self._split = self.num_heads, [self.qk_nope_head_dim, self.qk_rope_head_dim]
        self._keys: LatentWeights | None = None  # queries into the latent space
        self._values: LatentWeights | None = None  # results out of it

    def settle(self, weight: Tensor, precision: Precision, dtype: torch.dtype) -> None:
        """Split `kv_b_proj.weight` (heads * (nope + value), latent), on the device of activations, for activations of
        `dtype`."""
        both = weight.view(self._heads, self.qk_nope_head_dim + self.v_head_dim, self.kv_lora_rank)
        keys, values = both.split([self.qk_nope_head_dim, self.v_head_dim], dim=1)
        self._keys, self._values = LatentWeights(keys, precision, dtype), LatentWeights(values, precision, dtype)
        self.kv_b_proj = None

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Any = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        """`hidden_states` (1, T, hidden); the causal mask, bool (1, 1, T, L), is True where a token attends."""
        assert isinstance(past_key_values, LatentCache)
        tokens = hidden_states.shape[1]
        queries = self._queries(hidden_states).view(1, tokens, self._heads, -1).transpose(1, 2)
        plain, rotated = queries.split(self._split, dim=-1)
        latent, shared = self.kv_a_proj_with_mqa(hidden_states).split(
            [self.kv_lora_rank, self.qk_rope_head_dim], dim=-1
        )
        rotated, shared = apply_rotary_pos_emb(rotated, shared[:, None], *position_embeddings)
        new = torch.cat((self.kv_a_layernorm(latent)[0], shared[0, 0]), dim=-1)
        past = past_key_values.append(self.layer_idx, new.to(past_key_values.dtype)).to(queries.dtype)
        absorbed = torch.cat((self._into(plain[0]), rotated[0]), dim=-1)  # (heads, T, latent + rotated)
        scores = (absorbed.flatten(0, 1) @ past.T).view(self._heads, tokens, -1).float() * self.scaling
        if attention_mask is not None and tokens > 1:  # the newest token attends everywhere
            scores = scores.masked_fill(~attention_mask[0], float("-inf"))
        weights = scores.softmax(-1).to(queries.dtype)
        mixed = (weights.flatten(0, 1) @ past[:, : self.kv_lora_rank]).view(self._heads, tokens, -1)
        return self.o_proj(self._out_of(mixed).transpose(0, 1).reshape(1, tokens, -1)), None

    def _into(self, x: Tensor) -> Tensor:
        """(heads, T, nope) -> (heads, T, latent), with the adapter's rows of keys: x B A."""
        assert self._keys is not None
        y, part = self._keys.into(x), self._running.part(self._name)
        return y if part is None else y + x @ self._of_heads(part)[:, : self.qk_nope_head_dim] @ part.inner

    def _out_of(self, x: Tensor) -> Tensor:
        """(heads, T, latent) -> (heads, T, value), with the adapter's rows of values."""
        assert self._values is not None
        y, part = self._values.out_of(x), self._running.part(self._name)
        if part is None:
            return y
        return y + x @ part.inner.T @ self._of_heads(part)[:, self.qk_nope_head_dim :].transpose(1, 2)

    def _of_heads(self, part: LowRank) -> Tensor:
        """(heads, nope + value, rank)."""
        return part.outer.view(self._heads, self.qk_nope_head_dim + self.v_head_dim, -1)

    def _queries(self, hidden: Tensor) -> Tensor:
        if self.q_lora_rank is None:
            return torch.as_tensor(self.q_proj(hidden))
        return torch.as_tensor(self.q_b_proj(self.q_a_layernorm(self.q_a_proj(hidden))))
