"""A Llama-family decoder in plain torch: the portable path, the GPU path and the reference of the compiled one.

The weights never change; a session is a `KVCache`. `forward_batch` runs several sessions of different lengths
together: they share every matrix product and differ only in attention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import Adapter, initial
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_tensors import Shapes, decoder_tensors
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.linear import GROUP, Int8Linear, Linear, make_linear
from dialogue.llm.precision import Precision
from dialogue.llm.rotary import Rotary, rotate

Progress = Callable[[int, int], None]
Angles = tuple[Tensor, Tensor]
QKV = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
OUTPUT, GATE_UP, DOWN = ("self_attn.o_proj",), ("mlp.gate_proj", "mlp.up_proj"), ("mlp.down_proj",)


@dataclass(frozen=True, slots=True)
class _Layer:
    attention_norm: Tensor
    qkv: Linear
    head_norm: Tensor | None  # (heads + kv_heads, head_dim): the norms of q and k, repeated for each head
    output: Linear
    mlp_norm: Tensor
    gate_up: Linear
    down: Linear


@dataclass(frozen=True, slots=True)
class _Segment:
    """One session's part in a step: its rows of the joined input, its cache and its attention mask."""

    rows: slice
    cache: KVCache
    mask: Tensor | None


@dataclass(frozen=True, slots=True)
class _LayerRun:
    """The products of the layer `at` for all sessions of a step."""

    at: str
    shapes: Shapes
    segments: list[_Segment]

    def product(self, linear: Linear, x: Tensor, names: Sequence[str]) -> Tensor:
        """A product of the matrices `names`, joined, with what the sessions' adapters add to each of them."""
        y = linear(x)
        for segment in self.segments:
            if (adapter := segment.cache.adapter) is None:
                continue
            first = 0
            for module in (f"{self.at}{name}" for name in names):
                last = first + self.shapes[f"{module}.weight"][0]
                if (part := adapter.parts.get(module)) is not None:
                    y[segment.rows, first:last] += part(x[segment.rows])
                first = last
        return y


class Decoder:
    """Weights of one model, shared by all sessions.

    `weights` maps Hugging Face names ("model.layers.0.self_attn.q_proj.weight") to tensors; each is read once, so a
    lazy mapping limits the memory of loading to one layer. Raises BadInput if one is missing or has another shape.
    Activations are float32 for float32 weights and bfloat16 for all others. `context` is the longest context to be
    served, which some rotary scalings depend on; `group` as in `make_linear`. New sessions have the first of the
    `adapters`.
    """

    def __init__(
        self,
        config: DecoderConfig,
        weights: Mapping[str, Tensor],
        *,
        precision: Precision = "float32",
        device: torch.device | str = "cpu",
        context: int | None = None,
        group: int = GROUP,
        adapters: Sequence[Adapter] = (),
        on_progress: Progress | None = None,
    ) -> None:
        self.config, self._group = config, group
        self.device = torch.device(device)
        self.precision = precision
        self.dtype = torch.float32 if precision == "float32" else torch.bfloat16
        self.rotary = Rotary(config.rope, config.head_dim, context or config.max_positions, device)
        self._scale = config.head_dim**-0.5
        self._shapes = decoder_tensors(config)
        self.adapters = tuple(each.fitted(self._shapes, self.dtype, self.device) for each in adapters)
        self._build(weights, on_progress or (lambda done, total: None))

    def new_cache(self, capacity: int) -> KVCache:
        """An empty session of at most `capacity` tokens."""
        c = self.config
        adapter = initial(self.adapters)
        return KVCache(c.layers, c.kv_heads, c.head_dim, capacity, self.dtype, device=self.device, adapter=adapter)

    def embed(self, ids: Tensor) -> Tensor:
        """int64 (T,) -> (T, hidden), to be mixed with embeddings of pictures and sound."""
        ids, table = ids.to(self.device), self._embedding
        return (table.rows(ids) if isinstance(table, Int8Linear) else F.embedding(ids, table)).to(self.dtype)

    def forward(
        self, cache: KVCache, inputs: Tensor, positions: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Appends token ids (T,) or embeddings (T, hidden) to a session; returns hidden states (T, hidden).

        `positions` int64 (T,) replaces length .. length + T. `mask`, (T, length + T), replaces the causal mask: bool
        with True for visible positions, or float to be added to the scores. A row without visible positions is
        undefined. The hidden states are those after the last norm.
        """
        return self._run([cache], [inputs], [positions], [mask])[0]

    def forward_batch(
        self,
        caches: Sequence[KVCache],
        inputs: Sequence[Tensor],
        positions: Sequence[Tensor | None] | None = None,
        masks: Sequence[Tensor | None] | None = None,
    ) -> list[Tensor]:
        """`forward` for several sessions in one step; each cache appears once."""
        nothing = [None] * len(caches)
        return self._run(caches, inputs, positions or nothing, masks or nothing) if caches else []

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., hidden) -> float32 (..., vocab)."""
        return self._head(hidden).float()

    def nbytes(self) -> int:
        """Memory of the weights."""
        products = [p for layer in self._layers for p in (layer.qkv, layer.output, layer.gate_up, layer.down)]
        table = self._embedding.nbytes() if isinstance(self._embedding, Int8Linear) else self._embedding.nbytes
        return sum(p.nbytes() for p in products) + table + (0 if self.config.tied_head else self._head.nbytes())

    def describe(self) -> str:
        """The route, precision and device, in a few words."""
        return f"torch, {self.precision} on {self.device}"

    @torch.inference_mode()
    def _run(
        self,
        caches: Sequence[KVCache],
        inputs: Sequence[Tensor],
        positions: Sequence[Tensor | None],
        masks: Sequence[Tensor | None],
    ) -> list[Tensor]:
        parts = [x.to(self.device, self.dtype) if x.is_floating_point() else self.embed(x) for x in inputs]
        x = torch.cat(parts) if len(parts) > 1 else parts[0]
        segments, tables, first = [], [], 0
        for cache, part, places, mask in zip(caches, parts, positions, masks, strict=True):
            tokens = len(part)
            segments.append(_Segment(slice(first, first + tokens), cache, self._mask(cache, tokens, mask)))
            tables.append(self.rotary.span(cache.length, tokens) if places is None else self.rotary.at(places))
            first += tokens
        cos, sin = (torch.cat(table)[:, None].to(self.dtype) for table in zip(*tables, strict=True))
        for number, layer in enumerate(self._layers):
            run = _LayerRun(f"model.layers.{number}.", self._shapes, segments)
            mixed = self._attend(number, layer, run, self._norm(x, layer.attention_norm), (cos, sin))
            x = x + run.product(layer.output, mixed, OUTPUT)
            gate, up = run.product(layer.gate_up, self._norm(x, layer.mlp_norm), GATE_UP).chunk(2, dim=-1)
            x = x + run.product(layer.down, F.silu(gate) * up, DOWN)
        for segment, part in zip(segments, parts, strict=True):
            segment.cache.advance(len(part))
        x = self._norm(x, self._final_norm)
        return [x[segment.rows] for segment in segments]

    def _attend(self, number: int, layer: _Layer, run: _LayerRun, x: Tensor, angles: Angles) -> Tensor:
        c = self.config
        heads = run.product(layer.qkv, x, QKV).view(len(x), c.heads + 2 * c.kv_heads, c.head_dim)
        turning, value = heads.split((c.heads + c.kv_heads, c.kv_heads), dim=1)
        if layer.head_norm is not None:
            turning = self._norm(turning, layer.head_norm)
        query, key = rotate(turning, *angles).split((c.heads, c.kv_heads), dim=1)
        mixed = torch.empty(len(x), c.heads * c.head_dim, dtype=x.dtype, device=x.device)
        for segment in run.segments:
            new = segment.rows
            keys, values = segment.cache.append(number, key[new].transpose(0, 1), value[new].transpose(0, 1))
            mixed[new] = self._attention(query[new], keys, values, segment.mask)
        return mixed

    def _attention(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        # Query heads that share a key head become rows of one query, which avoids copies of the keys.
        tokens, c = len(query), self.config
        rows = query.transpose(0, 1).reshape(c.kv_heads, c.query_groups * tokens, c.head_dim).to(keys.dtype)
        if mask is not None:
            mask = mask.repeat(c.query_groups, 1)
        found = F.scaled_dot_product_attention(rows[None], keys[None], values[None], mask, scale=self._scale)[0]
        found = found.view(c.heads, tokens, c.head_dim).transpose(0, 1)
        return found.reshape(tokens, c.heads * c.head_dim).to(query.dtype)

    def _mask(self, cache: KVCache, tokens: int, given: Tensor | None) -> Tensor | None:
        total = cache.length + tokens
        if given is not None:
            assert given.shape == (tokens, total), f"The mask must be {(tokens, total)}, not {tuple(given.shape)}."
            return given.to(self.device, torch.bool if given.dtype == torch.bool else cache.dtype)
        if tokens == 1:
            return None
        return torch.ones(tokens, total, dtype=torch.bool, device=self.device).tril(cache.length)

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        # In float32: torch computes a norm of bfloat16 in eight operations.
        normed = F.rms_norm(x.float(), x.shape[-1:], None, self.config.norm_eps)
        return (normed * weight).to(x.dtype)

    def _build(self, weights: Mapping[str, Tensor], on_progress: Progress) -> None:
        c, total = self.config, self.config.layers + 1

        weights = _CheckedWeights(c, weights)

        def norm(name: str) -> Tensor:
            return weights[name].to(self.device, torch.float32)

        self._layers = []
        for number in range(c.layers):
            self._layers.append(self._layer(weights, f"model.layers.{number}.", norm))
            on_progress(number + 1, total)
        table = weights["model.embed_tokens.weight"]
        head = table if c.tied_head else weights["lm_head.weight"]
        self._final_norm = norm("model.norm.weight")
        # A table of 4 bits costs too much accuracy for its size, so it has at least 8.
        quantised = self.precision in ("int8", "int4")
        self._embedding: Tensor | Int8Linear = (
            Int8Linear(table, None, self.device) if quantised else table.to(self.device, self.dtype)
        )
        if c.tied_head and isinstance(self._embedding, Int8Linear):
            self._head: Linear = self._embedding
        else:
            head = self._embedding if c.tied_head and isinstance(self._embedding, Tensor) else head
            self._head = make_linear(head, None, "int8" if quantised else self.precision, self.device)
        on_progress(total, total)

    def _head_norm(self, norm: Callable[[str], Tensor], at: str) -> Tensor:
        query, key = norm(f"{at}self_attn.q_norm.weight"), norm(f"{at}self_attn.k_norm.weight")
        return torch.stack((query,) * self.config.heads + (key,) * self.config.kv_heads)

    def _layer(self, weights: Mapping[str, Tensor], at: str, norm: Callable[[str], Tensor]) -> _Layer:
        c = self.config

        def linear(names: Sequence[str], biased: bool) -> Linear:
            weight = torch.cat([weights[f"{at}{name}.weight"] for name in names])
            bias = torch.cat([weights[f"{at}{name}.bias"] for name in names]).float() if biased else None
            return make_linear(weight, bias, self.precision, self.device, self._group)

        return _Layer(
            attention_norm=norm(f"{at}input_layernorm.weight"),
            qkv=linear(QKV, c.qkv_bias),
            head_norm=self._head_norm(norm, at) if c.qk_norm else None,
            output=linear(OUTPUT, c.output_bias),
            mlp_norm=norm(f"{at}post_attention_layernorm.weight"),
            gate_up=linear(GATE_UP, c.mlp_bias),
            down=linear(DOWN, c.mlp_bias),
        )


class _CheckedWeights(Mapping[str, Tensor]):
    """Checks the shape of each tensor against the config when it is read."""

    def __init__(self, config: DecoderConfig, weights: Mapping[str, Tensor]) -> None:
        self._shapes, self._weights = decoder_tensors(config), weights

    def __getitem__(self, name: str) -> Tensor:
        try:
            tensor = self._weights[name]
        except KeyError as error:
            raise BadInput(f"The model has no tensor {name}; download the complete model.") from error
        if tuple(tensor.shape) != self._shapes[name]:
            raise BadInput(f"{name} is {tuple(tensor.shape)}, not {self._shapes[name]}; use its own config.json.")
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)
