"""Runs a decoder with the compiled step in native/: interface of decoder.py, float32 results, weights of 4 or 8 bits.

Packs the weights once into one block of memory and passes addresses to native/. Caches are float16. The step does not
support every shape; `refusal` returns the reason, and such models run on torch.
"""

from __future__ import annotations

import ctypes
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from torch import Tensor

from dialogue.llm.checkpoints.adapter import Adapter, initial
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_tensors import decoder_tensors, require_shapes
from dialogue.llm.checkpoints.decoder_weights import StoredWeights
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.native.loader import (
    INSTRUCTION_SETS,
    Layer,
    Matrix,
    Model,
    NativeAdapter,
    NativeLibrary,
    Segment,
    Vector,
)
from dialogue.llm.native.packed_file import Bytes, Plan, load_packed, store_packed
from dialogue.llm.native.packing import Bits, bits_of, kind_of, matrix_at, pack, packed_bytes
from dialogue.llm.native.prefill_pace import PrefillPace
from dialogue.llm.rotary import Rotary

Progress = Callable[[int, int], None]

MOST_TOKENS = 256  # in one step; longer inputs are split, so that the buffers of a step stay small

_MATRICES = {
    "query": "self_attn.q_proj",
    "key": "self_attn.k_proj",
    "value": "self_attn.v_proj",
    "output": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


def refusal(config: DecoderConfig) -> str:
    """The reason why the compiled step cannot run a model of this shape; empty if it can."""
    if config.head_dim not in (64, 128):
        return f"its heads have {config.head_dim} dimensions, not 64 or 128"
    if config.output_bias or config.mlp_bias:
        return "it has biases outside q, k and v"
    if config.hidden_size % 32 or config.ffn_size % 32:
        return "its sizes are not multiples of 32"
    return ""


class NativeDecoder:
    """Weights of one model, shared by all sessions; one step runs at a time.

    `bits` None keeps the stored precision of each matrix, as far as packing.py supports it. `threads` includes the
    caller's thread; a step of fewer than 4 tokens uses only that one. `source` is the model's file: the packed weights
    are stored next to it (packed_file.py). New sessions have the first of the `adapters`. Raises BadInput if a tensor
    is missing or its shape does not match `config`.
    """

    def __init__(
        self,
        config: DecoderConfig,
        weights: StoredWeights,
        library: NativeLibrary,
        *,
        bits: Bits | None = None,
        threads: int = 1,
        context: int | None = None,
        source: Path | None = None,
        adapters: Sequence[Adapter] = (),
        on_progress: Progress | None = None,
    ) -> None:
        assert not refusal(config), refusal(config)
        self._shapes = decoder_tensors(config)
        require_shapes(self._shapes, weights.shapes)
        self.config = config
        self.adapters = tuple(each.fitted(self._shapes, torch.float32) for each in adapters)
        self._native = {each: NativeAdapter(each, config.layers, _MATRICES) for each in self.adapters}
        self.rotary = Rotary(config.rope, config.head_dim, context or config.max_positions)
        self.instructions = INSTRUCTION_SETS[library.instructions]
        self.pace = PrefillPace()
        self._calls = library.calls
        self._floats: list[Tensor] = []  # norms and biases, whose addresses the step keeps
        self._model = self._pack(weights, library, bits, source, on_progress or (lambda done, total: None))
        self._handle = ctypes.c_void_p(
            self._calls.decoder_open(ctypes.byref(self._model), threads, library.instructions)
        )
        weakref.finalize(self, self._calls.decoder_close, self._handle)

    def new_cache(self, capacity: int) -> KVCache:
        """An empty session of at most `capacity` tokens."""
        return _NativeCache(self, capacity)

    def embed(self, ids: Tensor) -> Tensor:
        """int64 (T,) -> float32 (T, hidden)."""
        assert int(ids.min()) >= 0 and int(ids.max()) < self.config.vocab_size, "token id outside the vocabulary"
        ids = ids.to("cpu", torch.int64).contiguous()
        out = torch.empty(len(ids), self.config.hidden_size)
        self._calls.decoder_embed(self._handle, ids.data_ptr(), len(ids), out.data_ptr())
        return out

    def forward(self, cache: KVCache, inputs: Tensor) -> Tensor:
        """Appends token ids (T,) or embeddings (T, hidden) to a session; float32 (T, hidden) after the last norm."""
        pieces = [self.forward_batch([cache], [piece])[0] for piece in inputs.split(MOST_TOKENS)]
        return torch.cat(pieces) if len(pieces) > 1 else pieces[0]

    def forward_batch(self, caches: Sequence[KVCache], inputs: Sequence[Tensor]) -> list[Tensor]:
        """`forward` for several sessions, in one step if their tokens fit into one; each cache appears once."""
        sizes = [len(part) for part in inputs]
        if len(sizes) > 1 and sum(sizes) > MOST_TOKENS:
            return [self.forward(cache, part) for cache, part in zip(caches, inputs, strict=True)]
        parts = [part.float() if part.is_floating_point() else self.embed(part) for part in inputs]
        x = torch.cat(parts)  # a copy, because the step overwrites it
        tables = [self.rotary.span(cache.length, size) for cache, size in zip(caches, sizes, strict=True)]
        segments = (Segment * len(caches))(*map(self._segment, caches, sizes, tables))
        self._calls.decoder_forward(self._handle, segments, len(caches), x.data_ptr(), 0, self.config.layers)
        for cache, size in zip(caches, sizes, strict=True):
            cache.advance(size)
        return list(x.split(sizes))

    def begin(self, cache: KVCache, ids: Tensor) -> LayerSteps:
        """Appends at most MOST_TOKENS ids (T,) to a session a few layers at a time, so that other work on the thread
        need not wait for all of them. The cache must not change in between."""
        assert len(ids) <= MOST_TOKENS, f"more than {MOST_TOKENS} tokens at once"
        return LayerSteps(self, cache, self.embed(ids))

    def run_layers(self, cache: KVCache, x: Tensor, first: int, last: int) -> None:
        """Computes layers `first` to `last` - 1 of the new tokens `x` (T, hidden), in place. The cache is not
        advanced."""
        table = self.rotary.span(cache.length, len(x))
        segment = self._segment(cache, len(x), table)
        self._calls.decoder_forward(self._handle, ctypes.byref(segment), 1, x.data_ptr(), first, last)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., hidden) -> float32 (..., vocab)."""
        rows = hidden.reshape(-1, hidden.shape[-1]).float().contiguous()
        out = torch.empty(len(rows), self._model.head.rows)
        self._calls.decoder_logits(self._handle, rows.data_ptr(), len(rows), out.data_ptr())
        return out[:, : self.config.vocab_size].reshape(*hidden.shape[:-1], -1)

    def move(self, cache: KVCache, start: int, to: int, tokens: int, rotary: Rotary) -> None:
        """Copies `tokens` rows of a session from position `start` to position `to`, and rotates their keys to match."""
        cosine, sine = rotary.angle(to - start)
        rows = Segment(
            cache.storage.data_ptr(), cache.storage.shape[3], start, tokens, cosine.data_ptr(), sine.data_ptr()
        )
        self._calls.decoder_move(self._handle, ctypes.byref(rows), to)

    def nbytes(self) -> int:
        """Memory of the weights."""
        return self._arena.nbytes

    def describe(self) -> str:
        """The instruction set and the precision of the weights, for display."""
        return f"compiled, {self.instructions}, weights of {self._precision}"

    def _segment(self, cache: KVCache, tokens: int, table: tuple[Tensor, Tensor]) -> Segment:
        assert cache.dtype is torch.float16, "the compiled step keeps keys and values in float16: use new_cache"
        assert cache.length + tokens <= cache.capacity, f"no room for {tokens} more tokens: evict first"
        rows = cache.storage.shape[3]
        cosine, sine = table
        adapter = None if cache.adapter is None else self._native[cache.adapter].address
        return Segment(
            cache.storage.data_ptr(), rows, cache.length, tokens, cosine.data_ptr(), sine.data_ptr(), adapter
        )

    def _pack(
        self,
        weights: StoredWeights,
        library: NativeLibrary,
        bits: Bits | None,
        source: Path | None,
        on_progress: Progress,
    ) -> Model:
        c = self.config
        names = list(self._matrix_names())
        # Matrices are packed one at a time: all of them as floats would take several times the memory of the model.
        kinds: dict[str, Kind] = {name: kind_of(weights.blocks(name), bits) for name in names}
        if bits == 4:
            kinds |= {name: Kind.Q8_0 for name in names if not name.startswith("model.layers.")}
        self._precision = " and ".join(f"{b} bits" for b in sorted({bits_of(kind) for kind in kinds.values()}))
        plan = [
            (name, rows, columns, int(kind), packed_bytes(library, rows, columns, kind))
            for name, kind in kinds.items()
            for rows, columns in [self._matrix_shape(name)]
        ]

        def fill(arena: Bytes) -> None:
            at = 0
            for number, (name, rows, columns, kind, size) in enumerate(plan):
                pack(library, weights.blocks(name), rows, columns, Kind(kind), arena[at : at + size])
                at += size
                on_progress(number + 1, len(plan))

        self._arena = self._filled(plan, fill, library, source, on_progress)
        at, packed = 0, {}
        for name, rows, columns, kind, size in plan:
            packed[name] = matrix_at(self._arena[at : at + size], rows, columns, Kind(kind))
            at += size
        layers = (Layer * c.layers)(*(self._layer(weights, packed, number) for number in range(c.layers)))
        return Model(
            c.layers, c.hidden_size, c.heads, c.kv_heads, c.head_dim, c.ffn_size, c.vocab_size, c.norm_eps, layers,
            self._vector(weights["model.norm.weight"]),
            packed["model.embed_tokens.weight"],
            packed["model.embed_tokens.weight" if c.tied_head else "lm_head.weight"],
        )  # fmt: skip

    @staticmethod
    def _filled(
        plan: Plan, fill: Callable[[Bytes], None], library: NativeLibrary, source: Path | None, on_progress: Progress
    ) -> Bytes:
        """One block for all matrices, aligned to 64 bytes, so that memory is read in order across matrices."""
        layout = library.calls.decoder_layout()
        if source is not None:
            if (found := load_packed(source, layout, plan)) is not None:
                on_progress(len(plan), len(plan))
                return found
            if (made := store_packed(source, layout, plan, fill)) is not None:
                return made
        size = sum(entry[-1] for entry in plan)
        room = np.empty(size + 64, np.uint8)  # numpy requests huge pages
        at = -room.ctypes.data % 64
        fill(room[at : at + size])
        return room[at : at + size]

    def _matrix_names(self) -> Iterator[str]:
        for number in range(self.config.layers):
            yield from (f"model.layers.{number}.{part}.weight" for part in _MATRICES.values())
        yield "model.embed_tokens.weight"
        if not self.config.tied_head:
            yield "lm_head.weight"

    def _matrix_shape(self, name: str) -> tuple[int, int]:
        rows, columns = self._shapes[name]
        return rows, columns

    def _layer(self, weights: StoredWeights, packed: dict[str, Matrix], number: int) -> Layer:
        at, c = f"model.layers.{number}.", self.config
        layer = Layer(**{field: packed[f"{at}{part}.weight"] for field, part in _MATRICES.items()})
        layer.attention_norm = self._vector(weights[f"{at}input_layernorm.weight"])
        layer.mlp_norm = self._vector(weights[f"{at}post_attention_layernorm.weight"])
        if c.qkv_bias:
            biases = [weights[f"{at}{_MATRICES[field]}.bias"] for field in ("query", "key", "value")]
            layer.bias = self._vector(torch.cat(biases))
        if c.qk_norm:
            layer.query_norm = self._vector(weights[f"{at}self_attn.q_norm.weight"])
            layer.key_norm = self._vector(weights[f"{at}self_attn.k_norm.weight"])
        return layer

    def _vector(self, floats: Tensor) -> Vector:
        self._floats.append(floats.to(torch.float32, copy=True).contiguous())
        return Vector(self._floats[-1].data_ptr(), self._floats[-1].numel())


class LayerSteps:
    """The forward pass of some new tokens of one session, layer by layer."""

    def __init__(self, decoder: NativeDecoder, cache: KVCache, x: Tensor) -> None:
        self._decoder, self._cache, self._x = decoder, cache, x
        self._computed = 0  # layers

    def step(self) -> Tensor | None:
        """Computes as many layers as take about STEP_S; after the last one returns the hidden states (T, hidden)."""
        decoder, layers = self._decoder, self._decoder.config.layers
        first, tokens = self._computed, len(self._x)
        self._computed = min(layers, first + decoder.pace.layers(tokens))
        began = time.perf_counter()
        decoder.run_layers(self._cache, self._x, first, self._computed)
        decoder.pace.took(tokens, self._computed - first, time.perf_counter() - began)
        if self._computed < layers:
            return None
        self._cache.advance(tokens)
        return self._x


class _NativeCache(KVCache):
    """A session's cache in the layout of the compiled step, which also moves its rows."""

    def __init__(self, decoder: NativeDecoder, capacity: int) -> None:
        c = decoder.config
        super().__init__(c.layers, c.kv_heads, c.head_dim, capacity, torch.float16, adapter=initial(decoder.adapters))
        self._decoder = decoder

    def _move_rows(self, start: int, to: int, tail: int, rotary: Rotary) -> None:
        self._decoder.move(self, start, to, tail, rotary)
