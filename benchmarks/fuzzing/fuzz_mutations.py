"""Damages a model for the fuzzer: header fields, the shapes, types and offsets of tensors, or plain bytes.

Every choice comes from the given `Random`, so a case can be reproduced from its seed and number.
"""

from __future__ import annotations

import json
import math
import pickle
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from gguf import GGMLQuantizationType as Kind

from benchmarks.fuzzing.fuzz_seeds import DTYPES, STRING, Folder, Gguf, Shard, Tensor, folder_seed, gguf_seed, row_bytes

FAMILIES = ("llama", "qwen2", "qwen3")
KINDS = (Kind.Q4_1, Kind.Q4_0, Kind.Q8_0, Kind.F32, Kind.F16, Kind.BF16, Kind.Q5_1)
NUMBERS = [0, 1, -1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 255, 256, 1023, 4096, 9999, 10001]
POWERS = (15, 16, 20, 24, 31, 32, 40, 62, 63, 64)
NUMBERS += [sign * 2**power + by for power in POWERS for sign in (1, -1) for by in (-1, 0)]
ODD: list[Any] = [None, "", "32", "x", [], [1, 2], {}, {"a": 1}, True, False, 0.5, -1.0, 32.0, 1e30, math.inf, math.nan]
ODD += ["\ud800", "\0", "../x", "a" * 5000, [[[]]], 10**400]
FACTORS: list[Any] = [{}, {"short_factor": [1.0] * 32, "long_factor": [2.0] * 32}, {"short_factor": [0, "x"]}]
ROPES: list[Any] = [
    {"rope_type": kind, "factor": factor, **more}
    for kind in ("default", "linear", "dynamic", "yarn", "longrope", "llama3", "none")
    for factor in (1, 2.0, 0, -3, "x", 1e300)
    for more in FACTORS
]
INDEX = "model.safetensors.index.json"


def write_case(random: Random, folder: Path) -> Path:
    """Writes a damaged model into the empty `folder`; returns the path to open."""
    if random.random() < 0.5:
        model = _gguf(random.choice(FAMILIES), random.choice(KINDS))
        for _ in range(random.choice((0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4))):
            random.choice(GGUF_DAMAGES)(random, model)
        path = folder / "model.gguf"
        path.write_bytes(_bytes(random, model.to_bytes(), 0.25))
        return path
    made = _folder(random.choice(FAMILIES), random.choice(("F32", "F16", "BF16")), random.choice((1, 2, 3)))
    for _ in range(random.choice((0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4))):
        random.choice(FOLDER_DAMAGES)(random, made)
    made.write(folder)
    if random.random() < 0.25:
        victim = folder / random.choice(sorted(made.files))
        victim.write_bytes(_bytes(random, victim.read_bytes(), 1.0))
    return folder


@cache
def _pickled(make: Any, *kind: Any) -> bytes:
    return pickle.dumps(make(*kind))


def _gguf(family: str, kind: Kind) -> Gguf:
    made: Gguf = pickle.loads(_pickled(gguf_seed, family, kind))
    return made


def _folder(family: str, dtype: str, shards: int) -> Folder:
    made: Folder = pickle.loads(_pickled(folder_seed, family, dtype, shards))
    return made


def _number(random: Random, old: int) -> int:
    return random.choice((old + 1, old - 1, old * 2, old // 2, old + 16, old + 32, *random.choices(NUMBERS, k=6)))


def _bytes(random: Random, data: bytes, chance: float) -> bytes:
    """`data` with bytes changed, removed, repeated or inserted; half of the time in the first 2,000."""
    if random.random() >= chance or not data:
        return data
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(min(len(changed), 2000) if random.random() < 0.5 else len(changed)) if changed else 0
        size, choice = random.choice((1, 2, 4, 8)), random.randrange(6)
        if choice < 2:
            changed[at : at + size] = (random.choice(NUMBERS) % 256**size).to_bytes(size, "little")
        elif choice == 2 and changed:
            changed[at] ^= 1 << random.randrange(8)
        elif choice == 3:
            del changed[at:]
        elif choice == 4:
            del changed[at : at + random.choice((1, 4, 8, 100))]
        else:
            changed[at:at] = random.choice((bytes(8), b"[" * 3000, bytes(changed[at : at + 50]), b"\xff" * 8))
    return bytes(changed)


def _field(random: Random, model: Gguf) -> None:
    if not model.fields:
        return
    at = random.randrange(len(model.fields))
    key, kind, value = model.fields[at]
    choice = random.randrange(9)
    if choice < 3:
        model.fields[at][2] = _number(random, value) if isinstance(value, int) else _other(random, value)
    elif choice == 3:
        model.fields[at][1:] = [random.choice((0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99)), value]
    elif choice == 4:
        del model.fields[at]
    elif choice == 5:
        model.fields.insert(random.randrange(len(model.fields)), [key, kind, value])
    elif choice == 6:
        model.fields[at][0] = random.choice((key + "x", "", "general.alignment", "tokenizer.ggml.bos_token_id"))
    elif choice == 7:
        model.counts[random.randrange(2)] = random.choice(NUMBERS)
    else:
        family = model.fields[0][2] if isinstance(model.fields[0][2], str) else "llama"
        name, kinds = random.choice((("type", STRING), ("factor", 6), ("original_context_length", 4)))
        value = random.choice(("yarn", "linear", "none", "longrope", "")) if kinds == STRING else random.choice(NUMBERS)
        model.fields.append([f"{family}.rope.scaling.{name}", kinds, value])


def _other(random: Random, value: Any) -> Any:
    """A value of another JSON kind: a text, a Boolean, a number or an array."""
    if isinstance(value, list):
        item, items, count = value
        items = list(items)
        choice = random.randrange(5)
        if choice == 0:
            item = random.choice((4, 5, 6, 7, 8, 9, 77))
        elif choice == 1:
            count = random.choice(NUMBERS)
        elif choice == 2 and items:
            del items[random.randrange(len(items)) :]
        elif choice == 3:
            items += items[:1] * random.choice((1, 3, 40))
        elif items:
            items[random.randrange(len(items))] = random.choice(("", "a", "a b", "\ud800", b"\xff\xfe", "x y z", 3))
        return [item, items, count]
    if isinstance(value, float):
        return random.choice((0.0, -1.0, 1.0, 1e-40, 1e38, math.inf, math.nan, 1e4))
    return random.choice(("", "x", "llama", "qwen2", "qwen3", "smollm", "llama-bpe", b"\xff", "a" * 300, "{{ x"))


def _tensor(random: Random, model: Gguf) -> None:
    if not model.tensors:
        return
    at = random.randrange(len(model.tensors))
    tensor, choice = model.tensors[at], random.randrange(10)
    if choice < 4:
        tensor.dims = _shape(random, tensor.dims)
        if random.random() < 0.7:
            _refill(tensor)
    elif choice == 4:
        tensor.kind = random.choice((*range(32), 39, 40, 41, 99, -1))
        if random.random() < 0.7:
            _refill(tensor)
    elif choice == 5:
        tensor.offset = random.choice((*NUMBERS, 2**63 + 32, 100_000))
    elif choice == 6:
        del model.tensors[at]
    elif choice == 7:
        name = (
            tensor.name if random.random() < 0.5 else random.choice(("rope_freqs.weight", "blk.1.attn_q.weight", "z"))
        )
        model.tensors.append(Tensor(name, list(tensor.dims), tensor.kind, tensor.data))
    elif choice == 8:
        other = random.choice(model.tensors)
        tensor.name, other.name = other.name, tensor.name
    else:
        tensor.data = _bytes(random, tensor.data, 1.0)


def _shape(random: Random, old: list[int]) -> list[int]:
    dims, choice = list(old), random.randrange(6)
    if choice < 3 and dims:
        at = random.randrange(len(dims))
        dims[at] = _number(random, dims[at])
    elif choice == 3:
        dims.insert(random.randrange(len(dims) + 1), random.choice((0, 1, 2, 2**32)))
    elif choice == 4:
        dims = random.choice(([], [1], [32], dims[::-1], dims * 3, [math.prod(dims)]))
    elif dims:
        del dims[random.randrange(len(dims))]
    return dims


def _refill(tensor: Tensor) -> None:
    """Gives a small tensor as many bytes as its shape and type need."""
    size = row_bytes(tensor.kind, tensor.dims[0]) * math.prod(tensor.dims[1:]) if tensor.dims else 0
    if 0 < size <= 200_000:
        tensor.data = (tensor.data * (size // max(len(tensor.data), 1) + 1))[:size]


def _config(random: Random, made: Folder) -> None:
    config = made.files["config.json"]
    if not isinstance(config, dict):
        return
    key, choice = random.choice(sorted(config)), random.randrange(6)
    if choice < 3:
        config[key] = _number(random, config[key]) if isinstance(config[key], int) else random.choice(ODD)
    elif choice == 3:
        config[key] = random.choice(ODD)
    elif choice == 4:
        config.pop(key)
    else:
        extra = ("rope_scaling", "rope_parameters", "mlp_bias", "quantization_config", "partial_rotary_factor")
        config[random.choice(extra)] = random.choice(ROPES) if random.random() < 0.8 else random.choice(ODD)


def _header(random: Random, made: Folder) -> None:
    shard = random.choice([each for each in made.files.values() if isinstance(each, Shard)])
    if not shard.header:
        return
    name, choice = random.choice(sorted(shard.header)), random.randrange(10)
    entry = shard.header[name]
    if choice < 4 and isinstance(entry, dict) and "shape" in entry:
        entry["shape"] = _shape(random, entry["shape"])
        size = math.prod(entry["shape"]) * DTYPES.get(str(entry.get("dtype")), 1)
        if random.random() < 0.7 and 0 < size <= 200_000:  # too many or too few rows, in a complete file
            entry["data_offsets"] = [len(shard.data), len(shard.data) + size]
            shard.data += bytes(size)
            _close_gaps(shard)
    elif choice == 4 and isinstance(entry, dict):
        entry["dtype"] = random.choice((*DTYPES, "F4", "", 3, None))
    elif choice == 5 and isinstance(entry, dict):
        entry["data_offsets"] = random.choice(([0, 4], [4, 0], [-1, 2**64], [2**63, 2**63], [], [0, 2**40], None, "x"))
    elif choice == 6:
        del shard.header[name]
    elif choice == 7:
        shard.header[random.choice(("extra", "model.layers.1.mlp.up_proj.weight", "__metadata__", ""))] = entry
    elif choice == 8:
        shard.header[name] = random.choice(ODD)
    else:
        shard.length = random.choice((*NUMBERS, len(json.dumps(shard.header)) + 1))


def _close_gaps(shard: Shard) -> None:
    """Removes data that no entry refers to, since a valid file has no gaps."""
    data = b""
    for entry in shard.header.values():
        if not isinstance(entry, dict) or not isinstance(entry.get("data_offsets"), list):
            return
        begin, end = entry["data_offsets"] if len(entry["data_offsets"]) == 2 else (0, 0)
        if not (isinstance(begin, int) and isinstance(end, int) and 0 <= begin <= end <= len(shard.data)):
            return
        entry["data_offsets"] = [len(data), len(data) + end - begin]
        data += shard.data[begin:end]
    shard.data = data


def _files(random: Random, made: Folder) -> None:
    shards = sorted(name for name, content in made.files.items() if isinstance(content, Shard))
    name, choice = random.choice(shards), random.randrange(7)
    other = folder_seed("llama", "F32", 1).files["model-0.safetensors"] if choice == 0 else made.files[name]
    if choice < 3:
        made.files[random.choice(("zz.safetensors", "a.safetensors", "consolidated.safetensors"))] = other
    elif choice == 3 and len(shards) > 1:
        del made.files[name]
    elif choice == 4 and INDEX in made.files:
        del made.files[INDEX]
    elif isinstance(index := made.files.get(INDEX), dict) and isinstance(index.get("weight_map"), dict):
        names = index["weight_map"]
        victim = random.choice(sorted(names)) if names else "x"
        names[victim] = random.choice((*shards, "config.json", "..", "", "gone.safetensors", *ODD))
        if random.random() < 0.2:
            index["weight_map"] = random.choice(ODD)
    else:
        made.files[INDEX] = random.choice((*ODD, {"weight_map": {"a": name}}))


GGUF_DAMAGES = (_field, _tensor)
FOLDER_DAMAGES = (_config, _config, _header, _header, _files)
