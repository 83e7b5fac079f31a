"""MiniCPM3: transformers' class with its weights at any precision, and forward passes over a session's cache.

Three parts of the class are replaced: attention works on latents (`latent_attention.py`), matrix products are those of
`dialogue.llm.linear`, for weights of 8 or 4 bits, and angles come from `Rotary`, so that cached keys can be rotated
further. Weights are shared and never change; a session is a `LatentCache`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import MiniCPM3Config, MiniCPM3ForCausalLM

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import Adapter, initial
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import RopeConfig
from dialogue.llm.decoder import Progress
from dialogue.llm.linear import Int8Linear, Linear, make_linear
from dialogue.llm.precision import Precision
from dialogue.llm.rotary import Rotary
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.text.latent_attention import LatentAttention, Running
from dialogue.minicpm.text.latent_cache import LatentCache

# End of turn, end of text.
_ENDS = ("<|im_end|>", "</s>")


class TextModel:
    """A model for `TokenContext` and the engine. Raises BadInput if the checkpoint is incomplete."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        precision: Precision = "float32",
        device: str = "cpu",
        on_progress: Progress | None = None,
        adapters: Sequence[Adapter] = (),
    ) -> None:
        self.name, self.precision, self.device = checkpoint.folder.name, precision, torch.device(device)
        self.dtype = torch.float32 if precision == "float32" else torch.bfloat16
        self.config = MiniCPM3Config(**checkpoint.config)
        self.tokenizer = _tokenizer(checkpoint.folder / "tokenizer.json")
        found = (self.tokenizer.token_to_id(token) for token in _ENDS)
        self.stop_ids = frozenset(token for token in found if token is not None)
        self.adapters = tuple(each.fitted(checkpoint.shapes, self.dtype, self.device) for each in adapters)
        self._running = Running()
        rope = RopeConfig.from_hf(checkpoint.config)
        self.rotary = Rotary(rope, self.config.qk_rope_head_dim, self.config.max_position_embeddings, device)
        self._build(checkpoint, on_progress or (lambda done, total: None))

    @property
    def max_positions(self) -> int:
        return int(self.config.max_position_embeddings)

    def new_cache(self, capacity: int) -> LatentCache:
        """An empty session of at most `capacity` tokens."""
        c = self.config
        return LatentCache(
            c.num_hidden_layers, c.kv_lora_rank, c.qk_rope_head_dim, capacity, self.dtype, device=self.device,
            adapter=initial(self.adapters),
        )  # fmt: skip

    @torch.inference_mode()
    def forward(self, cache: LatentCache, ids: Tensor) -> Tensor:
        """Append token ids, int64 (T,), to a session -> hidden states (T, hidden) after the last norm."""
        start, tokens = cache.length, len(ids)
        seen = torch.ones(tokens, start + tokens, dtype=torch.bool, device=self.device).tril(start)
        positions = torch.arange(start, start + tokens, device=self.device)
        self._running.adapter = cache.adapter
        out = self._model.model(
            input_ids=ids[None].to(self.device),
            attention_mask=seen[None, None],
            position_ids=positions[None],
            past_key_values=cache,
            use_cache=True,
        )
        cache.advance(tokens)
        hidden: Tensor = out.last_hidden_state[0]
        return hidden

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """(..., hidden) -> float32 (..., vocab)."""
        return self._head(hidden / self.config.logits_scaling).float()

    def _build(self, checkpoint: Checkpoint, on_progress: Progress) -> None:
        """Load layer by layer, reading each tensor once: peak memory is about the final size."""
        with torch.device("meta"):
            self._model = MiniCPM3ForCausalLM(self.config)
        model, total = self._model.model, self.config.num_hidden_layers + 1
        for number, layer in enumerate(model.layers):
            self._fill(checkpoint, number, layer)
            on_progress(number + 1, total)
        quantised = self.precision in ("int8", "int4")
        table = checkpoint.tensor("model.embed_tokens.weight")
        rows = Int8Linear(table, None, self.device) if quantised else self._weight(table)
        model.embed_tokens = _TokenEmbeddings(rows, float(self.config.scale_emb), self.dtype)
        model.norm.weight = self._weight(checkpoint.tensor("model.norm.weight"))
        model.rotary_emb = _Angles(self.rotary)
        tied = self.config.tie_word_embeddings or not checkpoint.has("lm_head.")
        # As in `Decoder`: a table of 4 bits costs more accuracy than its size is worth.
        if tied and isinstance(rows, Int8Linear):
            self._head: Linear = rows
        else:
            head = rows.data if tied and isinstance(rows, Tensor) else checkpoint.tensor("lm_head.weight")
            self._head = make_linear(head, None, "int8" if quantised else self.precision, self.device)
        self._model.lm_head = nn.Identity()
        self._model.eval()
        on_progress(total, total)

    def _fill(self, checkpoint: Checkpoint, number: int, layer: nn.Module) -> None:
        at = f"model.layers.{number}."
        with torch.device("meta"):
            attention = LatentAttention(self.config, number, self._running)
        layer.self_attn = attention
        projection = checkpoint.tensor(f"{at}self_attn.kv_b_proj.weight").to(self.device)
        attention.settle(projection, self.precision, self.dtype)
        for name, part in list(layer.named_modules()):
            if isinstance(part, nn.Linear):
                bias = checkpoint.tensor(f"{at}{name}.bias").float() if part.bias is not None else None
                weight, group = checkpoint.tensor(f"{at}{name}.weight"), Kind.TEXT3.group
                product = make_linear(weight, bias, self.precision, self.device, group)
                parent, _, last = name.rpartition(".")
                setattr(layer.get_submodule(parent), last, _Product(product, f"{at}{name}", self._running))
            elif isinstance(getattr(part, "weight", None), nn.Parameter):
                part.weight = self._weight(checkpoint.tensor(f"{at}{name}.weight"))

    def _weight(self, tensor: Tensor) -> nn.Parameter:
        return nn.Parameter(tensor.to(self.device, self.dtype), requires_grad=False)


class _TokenEmbeddings(nn.Module):
    """The scaled table of embeddings: floats, or 8 bits."""

    def __init__(self, table: nn.Parameter | Int8Linear, scale: float, dtype: torch.dtype) -> None:
        super().__init__()
        self._table, self._scale, self._dtype = table, scale, dtype

    def forward(self, ids: Tensor) -> Tensor:
        rows = self._table.rows(ids) if isinstance(self._table, Int8Linear) else self._table[ids]
        return rows.to(self._dtype) * self._scale


class _Product(nn.Module):
    """A `Linear` as the module that transformers expects, with what the adapter of the running session adds."""

    def __init__(self, linear: Linear, name: str, running: Running) -> None:
        super().__init__()
        self._linear, self._name, self._running = linear, name, running

    def forward(self, x: Tensor) -> Tensor:
        y, part = self._linear(x), self._running.part(self._name)
        return y if part is None else y + part(x)


class _Angles(nn.Module):
    """Cosine and sine, each (1, T, rotated), in the format of the class's rotary embedding."""

    def __init__(self, rotary: Rotary) -> None:
        super().__init__()
        self._rotary = rotary

    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = self._rotary.at(position_ids[0])
        return torch.cat((cos, cos), -1)[None].to(x.dtype), torch.cat((sin, sin), -1)[None].to(x.dtype)


def _tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise BadInput(f"{path} cannot be read as a tokenizer ({error}); download it again.") from error
