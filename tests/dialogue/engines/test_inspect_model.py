"""Inspection from headers and configs: image-text models, chat models, GGUF files, damaged files.

Also tests `dialogue/image_text/inspection.py`, `dialogue/sizing/chat_inspection.py` and
`dialogue/sizing/inspection.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dialogue.engines.inspect_model import inspect
from dialogue.engines.registry import entry_named, entry_running
from dialogue.errors import BadInput
from dialogue.image_text.image_text_model import open_image_text_model
from dialogue.image_text.tiny import KINDS, write_tiny_sibling
from dialogue.llm.checkpoints.decoder_config import CHAT_TYPES
from dialogue.llm.language_model import open_language_model
from dialogue.llm.precision import PRECISIONS
from dialogue.minicpm.kind import NATIVE_TYPES
from tests.dialogue.chat_models import FAMILIES, write_chat_gguf, write_chat_model

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A sibling's model type or a chat family -> folder, read-only for tests."""
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(kind)
            write_chat_model(kind, made[kind]) if kind in FAMILIES else write_tiny_sibling(kind, made[kind])
        return made[kind]

    return folder


@pytest.fixture(params=["minicpmv4_6", "qwen3"])
def copy(written: Callable[[str], Path], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return Path(shutil.copytree(written(request.param), tmp_path / "copy"))


def rewrite(folder: Path, change: Callable[[dict[str, Tensor]], Any]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


def test_the_model_types_are_those_that_engines_run() -> None:
    chat_entry = entry_named("chat_model")
    assert all(entry_running({"model_type": each}) is not chat_entry for each in NATIVE_TYPES)
    assert not set(CHAT_TYPES) & set(NATIVE_TYPES)
    assert all(entry_running({"model_type": each}) is chat_entry for each in CHAT_TYPES)


@pytest.mark.parametrize("kind", KINDS.values())
def test_an_image_text_model_is_inspected_by_its_headers(written: Callable[[str], Path], kind: str) -> None:
    found = inspect(written(kind))
    assert found.whole and found.name.startswith(kind) and found.lines()[-1] == "complete"
    assert min(found.parameters.values()) > 0 and found.cache_bytes > 0
    for precision in PRECISIONS:
        assert found.weight_bytes[precision] == open_image_text_model(written(kind), precision).nbytes()
        assert 0 < found.token_bytes[precision] < found.weight_bytes[precision]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_chat_model_is_inspected_by_its_headers(written: Callable[[str], Path], family: str) -> None:
    found = inspect(written(family))
    assert found.whole and not found.differences.unknown and "chat model" in found.name
    assert found.weight_bytes["int4"] < found.weight_bytes["int8"] < found.weight_bytes["float32"]


def test_a_gguf_file_is_inspected_and_a_truncated_one_is_refused(tmp_path: Path) -> None:
    write_chat_gguf("qwen2", tmp_path / "chat.gguf")
    found = inspect(tmp_path / "chat.gguf")
    assert found.whole and "GGUF" in found.name and found.file_bytes == (tmp_path / "chat.gguf").stat().st_size
    (tmp_path / "cut.gguf").write_bytes((tmp_path / "chat.gguf").read_bytes()[:5000])
    with pytest.raises(BadInput, match="not a whole GGUF file"):
        inspect(tmp_path / "cut.gguf")


def test_a_config_alone_gives_the_sizes(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    shutil.copy(copy / "config.json", tmp_path / "alone")
    found, whole = inspect(tmp_path / "alone"), inspect(copy)
    assert found.file_bytes is None and found.weight_bytes == whole.weight_bytes
    assert "not downloaded yet" in found.lines()[0] and "config alone" in found.lines()[-1]


def test_a_missing_tensor_is_named_and_not_loaded(copy: Path) -> None:
    rewrite(copy, lambda tensors: tensors.pop(next(name for name in tensors if "gate_proj" in name)))
    found = inspect(copy)
    [name] = found.differences.missing
    assert "gate_proj" in name and f"  {name}" in found.lines()
    assert found.lines()[-1].startswith("NOT complete")
    refused(copy, "lacks 1 tensors.*gate_proj")


def test_another_shape_is_reported_with_both_sizes(copy: Path) -> None:
    name = next(name for name in load_file(copy / WEIGHTS) if "gate_proj" in name)
    rewrite(copy, lambda tensors: tensors.update({name: torch.ones(3, 5)}))
    [sentence] = inspect(copy).differences.misshapen
    assert "(3, 5), not (" in sentence
    refused(copy, r"gate_proj\.weight is \(3, 5\), not")


def test_weights_that_are_not_floats_are_reported(copy: Path) -> None:
    name = next(name for name in load_file(copy / WEIGHTS) if "gate_proj" in name)
    rewrite(copy, lambda tensors: tensors.update({name: tensors[name].char()}))
    [sentence] = inspect(copy).differences.misshapen
    assert sentence.endswith("is stored as I8")
    refused(copy, "stored as I8")


def test_a_truncated_or_missing_file_is_reported(copy: Path) -> None:
    whole = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(whole[: len(whole) * 2 // 3])
    for opening in (inspect, loaded):
        with pytest.raises(BadInput, match=f"{WEIGHTS} is damaged or cut off"):
            opening(copy)
    (copy / WEIGHTS).unlink()
    with pytest.raises(BadInput, match=r"No \.safetensors file"):
        inspect(copy)


def test_a_missing_shard_is_named(copy: Path) -> None:
    names = list(load_file(copy / WEIGHTS))
    index = dict.fromkeys(names, WEIGHTS) | {names[0]: "model-00002-of-00002.safetensors"}
    (copy / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": index}))
    for opening in (inspect, loaded):
        with pytest.raises(BadInput, match=r"missing in .*model-00002-of-00002"):
            opening(copy)


def test_a_missing_tokenizer_is_reported(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    found = inspect(copy)
    assert not found.whole and len(found.faults) == 1
    assert not found.differences.missing, "the weights are present"


def loaded(folder: Path) -> object:
    chat = json.loads((folder / "config.json").read_text())["model_type"] in CHAT_TYPES
    return open_language_model(folder) if chat else open_image_text_model(folder)


def refused(folder: Path, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        loaded(folder)
