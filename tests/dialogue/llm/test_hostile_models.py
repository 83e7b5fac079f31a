"""A model file cannot reach beyond its memory: what does not fit is refused, in Python and in the compiled step.

Also tests `precision.py`.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind

from benchmarks.fuzzing.fuzz_seeds import STRING, Folder, Gguf, Shard, Tensor, folder_seed, gguf_seed
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import RopeConfig
from dialogue.llm.checkpoints.gguf_file import GgufFile, GgufTensor
from dialogue.llm.language_model import open_decoder, open_language_model
from dialogue.llm.native.build import build
from dialogue.llm.native.loader import FOLDER, NativeLibrary, Segment
from dialogue.llm.native.packing import pack, packed_bytes
from dialogue.llm.native_decoder import NativeDecoder
from dialogue.llm.precision import Quantisation
from dialogue.minicpm.speech.vocos import Vocos
from tests.dialogue.random_weights import RandomWeights, tiny_config

ROOT = Path(__file__).parents[3]
PRECISIONS: tuple[Quantisation, ...] = ("auto", "int8", "float32", "int4")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> NativeLibrary:
    newest = max(source.stat().st_mtime for source in [*FOLDER.glob("*.cpp"), *FOLDER.glob("*.h")])
    for ready in FOLDER.glob("decode_step*.so"):
        if ready.stat().st_mtime > newest:
            return NativeLibrary(ready)
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    return NativeLibrary(build(tmp_path_factory.mktemp("native") / "decode_step.so"))


def resized(name: str, dims: list[int], rows_of_data: float = 1.0) -> Callable[[Gguf], None]:
    """The tensor says `dims`, innermost first, and has the bytes for it."""

    def damage(model: Gguf) -> None:
        [tensor] = [each for each in model.tensors if each.name == name]
        tensor.dims, tensor.kind = dims, int(Kind.F32)
        tensor.data = bytes(int(4 * np.prod(dims) * rows_of_data))

    return damage


def said(key: str, value: object) -> Callable[[Gguf], None]:
    def damage(model: Gguf) -> None:
        [field] = [each for each in model.fields if each[0] == key]
        field[2] = value

    return damage


def counted(at: int, count: int) -> Callable[[Gguf], None]:
    def damage(model: Gguf) -> None:
        model.counts[at] = count

    return damage


DAMAGES: dict[str, tuple[Callable[[Gguf], None], str]] = {
    "rows to spare": (resized("output.weight", [32, 4000]), r"lm_head\.weight is \(4000, 32\), not \(16, 32\)"),
    "rows too few": (resized("blk.0.ffn_up.weight", [32, 16]), r"up_proj\.weight is \(16, 32\), not \(32, 32\)"),
    "rows too short": (resized("blk.0.ffn_up.weight", [8, 32]), r"up_proj\.weight is \(32, 8\), not \(32, 32\)"),
    "rows too short of q": (resized("blk.0.attn_q.weight", [8, 128]), r"q_proj\.weight is \(128, 8\)"),
    "rows too few of k": (resized("blk.0.attn_k.weight", [32, 32]), r"k_proj\.weight is \(32, 32\), not \(64, 32\)"),
    "a norm of one number": (resized("blk.0.attn_norm.weight", [1]), r"input_layernorm\.weight is \(1,\), not \(32,\)"),
    "a last norm of one number": (resized("output_norm.weight", [1]), r"model\.norm\.weight is \(1,\), not \(32,\)"),
    "a norm of two dimensions": (resized("blk.0.ffn_norm.weight", [32, 2]), r"is \(2, 32\), not \(32,\)"),
    "numbers beyond the end": (resized("blk.0.ffn_down.weight", [32, 2**40], 2**-40), "reach beyond its end"),
    "sizes that wrap around": (resized("blk.0.ffn_down.weight", [2**32, 2**32], 0), "reach beyond its end"),
    "a size of nothing": (resized("blk.0.ffn_down.weight", [32, 0]), "cannot have the shape"),
    "a wider model": (said("llama.embedding_length", 64), "do not fit the config"),
    "no width": (said("llama.embedding_length", 0), "hidden_size is 0|hidden_size as 0"),
    "a billion layers": (said("llama.block_count", 10**9), "layers as 1000000000"),
    "heads that do not divide": (said("llama.attention.head_count_kv", 3), "do not fit together"),
    "heads of nothing": (said("llama.attention.head_count", 0), "heads as 0"),
    "a base that is no number": (said("llama.rope.freq_base", float("nan")), "not a finite number"),
    "a stop token beyond all": (said("tokenizer.ggml.eos_token_id", 16), "none of its 16 tokens"),
    "more tokens than rows": (said("tokenizer.ggml.tokens", [STRING, ["a"] * 17, None]), "do not fit together"),
    "tokens beyond the end": (said("tokenizer.ggml.tokens", [STRING, [], 2**60]), "promises more than it holds"),
    "merges of one word": (said("tokenizer.ggml.merges", [STRING, ["ab"], None]), "do not fit together"),
    "merges of strangers": (said("tokenizer.ggml.merges", [STRING, ["x y"], None]), "is incomplete"),
    "an odd alignment": (said("general.alignment", 3), "not a power of two"),
    "fields without end": (counted(1, 2**63), "promises more than it holds"),
    "tensors without end": (counted(0, 2**63), "promises more than it holds"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_gguf_file_that_contradicts_itself_is_refused(name: str, tmp_path: Path) -> None:
    damage, message = DAMAGES[name]
    model = gguf_seed("llama", Kind.Q4_1)
    (tmp_path / "whole.gguf").write_bytes(model.to_bytes())
    open_language_model(tmp_path / "whole.gguf")
    damage(model)
    (tmp_path / "damaged.gguf").write_bytes(model.to_bytes())
    for precision in PRECISIONS:
        with pytest.raises(BadInput, match=message):
            open_language_model(tmp_path / "damaged.gguf", quantisation=precision)


def test_biases_and_head_norms_are_checked_against_the_config(tmp_path: Path) -> None:
    for family, name in (("qwen2", "blk.0.attn_k.bias"), ("qwen3", "blk.0.attn_q_norm.weight")):
        model = gguf_seed(family, Kind.Q8_0)
        resized(name, [1])(model)
        (tmp_path / "damaged.gguf").write_bytes(model.to_bytes())
        for precision in PRECISIONS:
            with pytest.raises(BadInput, match=r"is \(1,\), not \(64,\)"):
                open_language_model(tmp_path / "damaged.gguf", quantisation=precision)


def test_two_tensors_of_one_name_are_refused(tmp_path: Path) -> None:
    model = gguf_seed("llama", Kind.Q4_1)
    model.tensors.append(Tensor("output.weight", [32, 1], int(Kind.F32), bytes(128)))
    (tmp_path / "twice.gguf").write_bytes(model.to_bytes())
    with pytest.raises(BadInput, match="the same name"):
        GgufFile(tmp_path / "twice.gguf")


def surplus() -> Shard:
    """A file with a head of 4,000 rows."""
    entry = {"dtype": "F32", "shape": [4000, 32], "data_offsets": [0, 512_000]}
    return Shard({"lm_head.weight": entry}, bytes(512_000))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_file_that_the_index_does_not_name_is_not_read(precision: Quantisation, tmp_path: Path) -> None:
    made = folder_seed("llama", "F32", 2)
    made.write(tmp_path)
    (tmp_path / "zz.safetensors").write_bytes(surplus().to_bytes())
    decoder = open_decoder(tmp_path, quantisation=precision)
    assert decoder.logits(torch.ones(1, 32)).shape == (1, 16)


@pytest.mark.parametrize("damage", ["without an index", "named by the index", "of another shape"])
def test_a_folder_with_surplus_rows_is_refused(damage: str, tmp_path: Path) -> None:
    made: Folder = folder_seed("llama", "F32", 2)
    if damage == "without an index":
        del made.files["model.safetensors.index.json"]
        made.files["zz.safetensors"] = surplus()
    elif damage == "named by the index":
        made.files["model.safetensors.index.json"]["weight_map"]["lm_head.weight"] = "zz.safetensors"
        made.files["zz.safetensors"] = surplus()
    else:
        made.files["config.json"]["vocab_size"] = 12
    made.write(tmp_path)
    with pytest.raises(BadInput, match=r"lm_head\.weight"):
        open_decoder(tmp_path)


@pytest.mark.parametrize(
    "config",
    ["[" * 100_000, '{"model_type": "llama", "hidden_size": 1e400}', '"x"', '{"a": ' + "9" * 5000 + "}", "\xff"],
)
def test_a_malformed_config_is_refused(config: str, tmp_path: Path) -> None:
    folder_seed("llama", "F32", 1).write(tmp_path)
    (tmp_path / "config.json").write_bytes(config.encode("latin-1"))
    with pytest.raises(BadInput):
        open_decoder(tmp_path)


@pytest.mark.parametrize(
    "change", [{"theta": 0.0}, {"kind": "yarn", "factor": 0.0}, {"kind": "linear", "factor": 1e300}]
)
def test_impossible_rotary_settings_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="numbers that cannot be"):
        RopeConfig(pretrained_positions=64, **change)


@pytest.mark.parametrize("name", ["backbone.convnext.0.gamma", "backbone.convnext.999999999.gamma", "head.out.bias"])
def test_a_vocoder_whose_tensors_do_not_fit_is_refused(name: str) -> None:
    shapes = {"embed": (8, 4, 7), "convnext.0.pwconv1": (16, 8)}
    tensors = {f"backbone.{key}.weight": torch.zeros(shape) for key, shape in shapes.items()}
    tensors |= {"head.out.weight": torch.zeros(18, 8), "head.istft.window": torch.ones(16), name: torch.zeros(3)}
    with pytest.raises(BadInput, match="unexpected layout"):
        Vocos(tensors)


def test_packing_in_python_refuses_a_wrong_size(library: NativeLibrary) -> None:
    matrix = GgufTensor(Kind.Q4_1, np.zeros((32, 20), np.uint8))
    room = np.zeros(packed_bytes(library, 32, 32, Kind.Q4_1), np.uint8)
    pack(library, matrix, 32, 32, Kind.Q4_1, room)
    for rows, columns, out in ((16, 32, room[:320]), (32, 64, room), (32, 32, room[:-1]), (48, 32, room)):
        with pytest.raises(BadInput, match="cannot be packed"):
            pack(library, matrix, rows, columns, Kind.Q4_1, out)


def test_packing_in_the_step_refuses_a_wrong_size(library: NativeLibrary) -> None:
    given, room = np.zeros(32 * 20, np.uint8), np.zeros(packed_bytes(library, 32, 32, Kind.Q4_1), np.uint8)
    out = room.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    right = [len(given), 32, 32, int(Kind.Q4_1), len(room)]

    def call(sizes: list[int]) -> int:
        size, rows, columns, kind, space = sizes
        return int(library.calls.decoder_pack(given.ctypes.data, size, rows, columns, kind, out, space))

    assert call(right) == 0
    for at in range(len(right)):
        for wrong in (-1, 0, right[at] - 1, right[at] + 1, right[at] * 2, 2**31 - 1):
            with pytest.raises(BadInput, match="refuses decoder_pack"):
                call([*right[:at], wrong, *right[at + 1 :]])


def test_the_step_refuses_a_model_whose_parts_do_not_fit(library: NativeLibrary) -> None:
    config = tiny_config(norm=True, bias=True, tied=False)
    model = NativeDecoder(config, RandomWeights(config), library)._model

    def changed(structure: ctypes.Structure) -> int:
        """Every number and every pointer of a structure is made wrong in turn, and right again."""
        tried = 0
        for name, *_ in structure._fields_:
            value = getattr(structure, name)
            if isinstance(value, ctypes.Structure):
                tried += changed(value)
            elif isinstance(value, int):
                for wrong in {0, value + 16, value - 1} - {value}:
                    setattr(structure, name, 0 if name in ("panels", "numbers") else wrong)
                    with pytest.raises(BadInput, match="do not fit together"):
                        library.calls.decoder_open(ctypes.byref(model), 1, library.instructions)
                    tried += 1
                setattr(structure, name, value)
        return tried

    handle = library.calls.decoder_open(ctypes.byref(model), 1, library.instructions)
    library.calls.decoder_close(handle)
    numbers = [name for name, *_ in model._fields_ if name != "layers"]
    assert changed(model.layer[1]) > 50
    assert changed(model.embedding) + changed(model.head) + changed(model.final_norm) > 10
    for name in numbers:
        if isinstance(getattr(model, name), int):
            kept = getattr(model, name)
            setattr(model, name, kept + 16)
            with pytest.raises(BadInput, match="do not fit together"):
                library.calls.decoder_open(ctypes.byref(model), 1, library.instructions)
            setattr(model, name, kept)


def test_the_step_refuses_indices_outside_its_tables(library: NativeLibrary) -> None:
    config = tiny_config()
    native = NativeDecoder(config, RandomWeights(config), library)
    out = torch.empty(1, config.hidden_size)
    for token in (-1, 200, 2**40):
        ids = torch.tensor([token])
        with pytest.raises(BadInput, match="refuses decoder_embed"):
            library.calls.decoder_embed(native._handle, ids.data_ptr(), 1, out.data_ptr())
    cache = native.new_cache(16)
    cosine, sine = native.rotary.span(0, 2)
    whole, layers = Segment(cache.storage.data_ptr(), 16, 0, 2, cosine.data_ptr(), sine.data_ptr()), config.layers
    for first, last in ((-1, 1), (1, 0), (0, layers + 1), (layers + 1, layers + 1)):
        with pytest.raises(BadInput, match="refuses decoder_forward"):
            library.calls.decoder_forward(native._handle, ctypes.byref(whole), 1, out.data_ptr(), first, last)
    for name, wrong in (("capacity", 1), ("length", 15), ("length", -1), ("tokens", 17), ("cache", 0), ("cosine", 0)):
        segment = Segment.from_buffer_copy(whole)
        setattr(segment, name, wrong)
        with pytest.raises(BadInput, match="refuses decoder_forward"):
            library.calls.decoder_forward(native._handle, ctypes.byref(segment), 1, out.data_ptr(), 0, layers)
        with pytest.raises(BadInput, match="refuses decoder_move"):
            library.calls.decoder_move(native._handle, ctypes.byref(segment), 0)
    for target in (-1, 15, 2**31 - 1):
        with pytest.raises(BadInput, match="refuses decoder_move"):
            library.calls.decoder_move(native._handle, ctypes.byref(whole), target)


def test_damaged_files_load_or_are_refused(tmp_path: Path) -> None:
    """The fuzzer, for a few seconds; a developer runs it for hours (docs/fuzzing.md)."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(ROOT / "benchmarks/fuzzing/fuzz_models.py"), "--cases", "1500", "--seed", "7"]
    finished = subprocess.run([*command, "--json", str(figures)], capture_output=True, text=True, check=False)
    reported = json.loads(figures.read_text()) if figures.exists() else {}
    counted = {name: reported.get(name) for name in ("cases", "crashes", "hangs", "other_errors")}
    assert counted == {"cases": 1500, "crashes": 0, "hangs": 0, "other_errors": 0}, finished.stdout + finished.stderr
