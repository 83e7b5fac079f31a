"""MiniCPM3's attention on its latents: transformers' block with its two inner products taken in another order.

The published order makes keys and values of all heads for the whole past at every step, which costs a CPU seconds a
token. Here the query is carried into the space of the latents and the answer out of it: the same numbers (Absorb, in
DeepSeek-V2's report, arXiv 2405.04434, section 2.1.2), and a step costs the past sixty times less. Everything else,
names included, is transformers' class. For one session at a time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import MiniCPM3Config
from transformers.models.minicpm3.modeling_minicpm3 import MiniCPM3Attention, apply_rotary_pos_emb

from dialogue.minicpm.text.latent_cache import LatentCache


class LatentAttention(MiniCPM3Attention):
    """`settle` comes once, when the weights are there; then `kv_b_proj` is needed no more and gone."""

    def __init__(self, config: MiniCPM3Config, layer: int) -> None:
        super().__init__(config, layer)
        self._heads, self._split = self.num_heads, [self.qk_nope_head_dim, self.qk_rope_head_dim]
        self._into: Tensor | None = None  # (heads, nope, latent): queries into the space of the latents
        self._out_of: Tensor | None = None  # (heads, latent, value): answers out of it

    def settle(self, weight: Tensor) -> None:
        """Take `kv_b_proj.weight` (heads * (nope + value), latent), in the dtype and on the device of activations."""
        both = weight.view(self._heads, self.qk_nope_head_dim + self.v_head_dim, self.kv_lora_rank)
        self._into = both[:, : self.qk_nope_head_dim].contiguous()
        self._out_of = both[:, self.qk_nope_head_dim :].transpose(1, 2).contiguous()
        self.kv_b_proj = None

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Any = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        """`hidden_states` (1, T, hidden); the mask, bool (1, 1, T, L), is True where a token may look: at all
        before it."""
        assert isinstance(past_key_values, LatentCache) and self._into is not None and self._out_of is not None
        tokens = hidden_states.shape[1]
        queries = self._queries(hidden_states).view(1, tokens, self._heads, -1).transpose(1, 2)
        straight, turning = queries.split(self._split, dim=-1)
        latent, shared = self.kv_a_proj_with_mqa(hidden_states).split(
            [self.kv_lora_rank, self.qk_rope_head_dim], dim=-1
        )
        turning, shared = apply_rotary_pos_emb(turning, shared[:, None], *position_embeddings)
        new = torch.cat((self.kv_a_layernorm(latent)[0], shared[0, 0]), dim=-1)
        past = past_key_values.append(self.layer_idx, new.to(past_key_values.dtype)).to(queries.dtype)
        asked = torch.cat((straight[0] @ self._into, turning[0]), dim=-1)  # (heads, T, latent + turning)
        scores = (asked.flatten(0, 1) @ past.T).view(self._heads, tokens, -1).float() * self.scaling
        if attention_mask is not None and tokens > 1:  # the newest token may look everywhere
            scores = scores.masked_fill(~attention_mask[0], float("-inf"))
        weights = scores.softmax(-1).to(queries.dtype)
        found = (weights.flatten(0, 1) @ past[:, : self.kv_lora_rank]).view(self._heads, tokens, -1)
        return self.o_proj((found @ self._out_of).transpose(0, 1).reshape(1, tokens, -1)), None

    def _queries(self, hidden: Tensor) -> Tensor:
        if self.q_lora_rank is None:
            return torch.as_tensor(self.q_proj(hidden))
        return torch.as_tensor(self.q_b_proj(self.q_a_layernorm(self.q_a_proj(hidden))))
