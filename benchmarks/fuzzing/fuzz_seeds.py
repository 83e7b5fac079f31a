"""Makes the small valid models that the fuzzer damages, as plain data, and writes them.

A GGUF file is fields and tensors; a folder is a config, an index, and shards of a header and data. The written files
need not be consistent: every count, offset and length can be set to a wrong value.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

LAYOUTS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
WHOLE = {0: 8, 1: 8, 2: 16, 3: 16, 4: 32, 5: 32, 10: 64, 11: 64}
U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5
TOKENS = [*"abcdefghijklm", "ab", "abc", "<|im_end|>"]
DTYPES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1}


@dataclass
class Tensor:
    """`dims` innermost first, as they are written; without an `offset` it follows the previous tensor."""

    name: str
    dims: list[int]
    kind: int
    data: bytes
    offset: int | None = None


@dataclass
class Gguf:
    """`fields` are [key, type, value]; the value of an array is [item type, items, count or None for the true one].
    `counts` of fields and tensors replace the true ones."""

    fields: list[list[Any]]
    tensors: list[Tensor]
    counts: list[int | None] = field(default_factory=lambda: [None, None])
    alignment: int = 32

    def to_bytes(self) -> bytes:
        lists: tuple[Sized, Sized] = (self.tensors, self.fields)
        tensors, fields = (
            len(there) if count is None else count for count, there in zip(self.counts, lists, strict=True)
        )
        head = bytearray(struct.pack("<4sIQQ", b"GGUF", 3, tensors % 2**64, fields % 2**64))
        for key, kind, value in self.fields:
            head += _string(key) + struct.pack("<I", kind % 2**32) + _value(kind, value)
        at, data = 0, bytearray()
        for tensor in self.tensors:
            offset = at if tensor.offset is None else tensor.offset
            head += _string(tensor.name) + struct.pack("<I", len(tensor.dims))
            head += b"".join(struct.pack("<Q", each % 2**64) for each in tensor.dims)
            head += struct.pack("<IQ", tensor.kind % 2**32, offset % 2**64)
            data += tensor.data + bytes(-len(tensor.data) % self.alignment)
            at = len(data)
        return bytes(head + bytes(-len(head) % self.alignment) + data)


@dataclass
class Shard:
    """A safetensors file: `header` precedes the data; `length` replaces the header's true length."""

    header: dict[str, Any]
    data: bytes
    length: int | None = None

    def to_bytes(self) -> bytes:
        header = json.dumps(self.header).encode()
        length = len(header) if self.length is None else self.length
        return struct.pack("<Q", length % 2**64) + header + self.data


@dataclass
class Folder:
    """Files by name: JSON values, shards, or bytes."""

    files: dict[str, Any]

    def write(self, folder: Path) -> None:
        for name, content in self.files.items():
            made = content.to_bytes() if isinstance(content, Shard) else content
            (folder / name).write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())


def tensors_of(family: str, heads: int = 2) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(GGUF name, Hugging Face name, shape) of a model of one layer, 32 wide, with 16 tokens."""
    width, dim = 32, 64
    for gguf, name, shape in (
        ("token_embd", "model.embed_tokens", (len(TOKENS), width)),
        ("output_norm", "model.norm", (width,)),
        ("output", "lm_head", (len(TOKENS), width)),
    ):
        yield f"{gguf}.weight", f"{name}.weight", shape
    at, to = "blk.0.", "model.layers.0."
    for letter, count in (("q", heads), ("k", 1), ("v", 1)):
        yield f"{at}attn_{letter}.weight", f"{to}self_attn.{letter}_proj.weight", (count * dim, width)
        if family == "qwen2":
            yield f"{at}attn_{letter}.bias", f"{to}self_attn.{letter}_proj.bias", (count * dim,)
        if family == "qwen3" and letter != "v":
            yield f"{at}attn_{letter}_norm.weight", f"{to}self_attn.{letter}_norm.weight", (dim,)
    yield f"{at}attn_output.weight", f"{to}self_attn.o_proj.weight", (width, heads * dim)
    yield f"{at}attn_norm.weight", f"{to}input_layernorm.weight", (width,)
    yield f"{at}ffn_norm.weight", f"{to}post_attention_layernorm.weight", (width,)
    yield f"{at}ffn_gate.weight", f"{to}mlp.gate_proj.weight", (width, width)
    yield f"{at}ffn_up.weight", f"{to}mlp.up_proj.weight", (width, width)
    yield f"{at}ffn_down.weight", f"{to}mlp.down_proj.weight", (width, width)


def gguf_seed(family: str, kind: GGMLQuantizationType) -> Gguf:
    noise = np.random.default_rng(1)
    said = {"block_count": 1, "context_length": 64, "embedding_length": 32, "feed_forward_length": 32}
    said |= {"attention.head_count": 2, "attention.head_count_kv": 1, "attention.key_length": 64}
    fields: list[list[Any]] = [["general.architecture", STRING, family]]
    fields += [[f"{family}.{key}", U32, value] for key, value in said.items()]
    fields += [[f"{family}.attention.layer_norm_rms_epsilon", F32, 1e-5], [f"{family}.rope.freq_base", F32, 1e4]]
    words = "tokenizer.ggml."
    fields += [[f"{words}model", STRING, "gpt2"], [f"{words}pre", STRING, "qwen2"]]
    fields += [[f"{words}tokens", ARRAY, [STRING, list(TOKENS), None]]]
    fields += [[f"{words}token_type", ARRAY, [I32, [1] * (len(TOKENS) - 1) + [3], None]]]
    fields += [[f"{words}merges", ARRAY, [STRING, ["a b", "ab c"], None]]]
    fields += [[f"{words}eos_token_id", U32, len(TOKENS) - 1], [f"{words}add_bos_token", BOOL, False]]
    fields += [["tokenizer.chat_template", STRING, "{{ messages }}"], ["general.alignment", U32, 32]]
    tensors = []
    for name, _, shape in tensors_of(family):
        floats = noise.normal(0, 0.2, shape).astype(np.float32)
        stored = GGMLQuantizationType.F32 if len(shape) == 1 else kind
        tensors.append(Tensor(name, list(shape[::-1]), int(stored), quants.quantize(floats, stored).tobytes()))
    return Gguf(fields, tensors)


def folder_seed(family: str, dtype: str, shards: int) -> Folder:
    config: dict[str, Any] = {"model_type": family, "vocab_size": len(TOKENS), "hidden_size": 32}
    config |= {"intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    config |= {"head_dim": 64, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": False}
    config |= {"rope_theta": 10000.0, "hidden_act": "silu", "attention_bias": False, "eos_token_id": 15}
    files: dict[str, Any] = {"config.json": config}
    named = [(name, shape) for _, name, shape in tensors_of(family)]
    index, size = {}, -(-len(named) // shards)
    for number in range(shards):
        file, header, data = f"model-{number}.safetensors", {}, b""
        for name, shape in named[number * size : (number + 1) * size]:
            numbers = bytes((7 * at) % 64 for at in range(math.prod(shape) * DTYPES[dtype]))
            header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(numbers)]}
            data, index[name] = data + numbers, file
        files[file] = Shard(header, data)
    if shards > 1:
        files["model.safetensors.index.json"] = {"metadata": {"total_size": 1}, "weight_map": index}
    return Folder(files)


def row_bytes(kind: int, columns: int) -> int:
    """Bytes of a row of `columns` values; 0 for a type that does not exist."""
    try:
        sizes: tuple[int, int] = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except ValueError:
        return 0
    block, size = sizes
    return columns // block * size


def _string(text: str | bytes) -> bytes:
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return struct.pack("<Q", len(content)) + content


def _value(kind: int, value: Any) -> bytes:
    if kind == ARRAY and isinstance(value, list):
        item, items, count = value
        head = struct.pack("<IQ", item % 2**32, (len(items) if count is None else count) % 2**64)
        return head + b"".join(_value(item, each) for each in items)
    if kind in WHOLE and isinstance(value, int):
        bits = WHOLE[kind]
        return (value % (1 << bits)).to_bytes(bits // 8, "little")
    if kind in LAYOUTS and isinstance(value, int | float):
        return struct.pack(f"<{LAYOUTS[kind]}", value) if kind not in WHOLE else bytes(WHOLE[kind] // 8)
    return _string(value if isinstance(value, str | bytes) else repr(value))
