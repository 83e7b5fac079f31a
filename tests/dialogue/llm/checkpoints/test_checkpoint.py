"""Opening checkpoints: complete folders open, damaged ones are refused with a reason, nothing is half-loaded.

Also tests `dialogue/minicpm/checkpoints/inspection.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dialogue.engines.inspect_model import inspect
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import INDEX, Checkpoint
from dialogue.llm.precision import Precision
from dialogue.minicpm.checkpoints.inspection import weight_bytes
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.tiny.checkpoint import KINDS, write_tiny

Folder = Callable[[Kind], Path]
WEIGHTS = "model.safetensors"


@pytest.fixture
def copy(tiny: Folder, tmp_path: Path) -> Path:
    """A tiny checkpoint that may be damaged."""
    return Path(shutil.copytree(tiny(Kind.O45), tmp_path / "model"))


def rewrite(folder: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


def shard(folder: Path) -> list[str]:
    """Spread the tensors over three files with an index."""
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    names = sorted(tensors)
    index: dict[str, str] = {}
    for number in range(3):
        file = f"model-0000{number + 1}-of-00003.safetensors"
        part = names[number::3]
        save_file({name: tensors[name] for name in part}, folder / file)
        index |= dict.fromkeys(part, file)
    (folder / INDEX).write_text(json.dumps({"weight_map": index}))
    return sorted(set(index.values()))


def test_shards_are_one_checkpoint(copy: Path) -> None:
    whole = load_file(copy / WEIGHTS)
    shard(copy)
    checkpoint = Checkpoint(copy)
    assert checkpoint.shapes == {name: tuple(tensor.shape) for name, tensor in whole.items()}
    assert open_model(copy).kind is Kind.O45


def test_a_missing_shard_is_named(copy: Path) -> None:
    gone = shard(copy)[1]
    (copy / gone).unlink()
    with pytest.raises(BadInput, match=gone):
        open_model(copy)


@pytest.mark.parametrize("keep", [0.6, 0.001, 0.0])
def test_a_truncated_file_is_refused_with_advice_to_download_it_again(copy: Path, keep: float) -> None:
    data = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(BadInput, match=f"{WEIGHTS} is damaged or cut off.*again"):
        open_model(copy)


def test_missing_and_unknown_tensors_are_named(copy: Path) -> None:
    def rename(tensors: dict[str, Tensor]) -> None:
        tensors["resampler.querry"] = tensors.pop("resampler.query")

    rewrite(copy, rename)
    with pytest.raises(BadInput, match=r"lacks 1 tensors: resampler\.query.*unknown tensors: resampler\.querry"):
        open_model(copy)


def test_unknown_tensors_alone_can_be_allowed(copy: Path) -> None:
    rewrite(copy, lambda tensors: tensors.update({"extra.weight": torch.zeros(3)}))
    with pytest.raises(BadInput, match=r"extra\.weight"):
        open_model(copy)
    assert open_model(copy, strict=False).kind is Kind.O45


def test_spare_tensors_of_released_files_are_accepted(copy: Path) -> None:
    spare = {"tts.projector_spk.linear1.weight": torch.zeros(2, 2), "resampler.pos_embed": torch.zeros(3)}
    rewrite(copy, lambda tensors: tensors.update(spare))
    assert open_model(copy).kind is Kind.O45


def test_a_wrong_shape_is_refused_with_both_sizes(copy: Path) -> None:
    rewrite(copy, lambda tensors: tensors.update({"llm.model.norm.weight": torch.ones(64)}))
    with pytest.raises(BadInput, match=r"llm\.model\.norm\.weight is \(64,\), not \(128,\)"):
        open_model(copy)


def test_weights_that_are_not_floats_are_refused(copy: Path) -> None:
    rewrite(copy, lambda tensors: tensors.update({"llm.model.norm.weight": torch.ones(128, dtype=torch.int8)}))
    with pytest.raises(BadInput, match=r"llm\.model\.norm\.weight is stored as I8"):
        open_model(copy)


def test_any_float_type_is_accepted(copy: Path) -> None:
    before = open_model(copy).decoder.embed(torch.tensor([3]))

    def to_double(tensors: dict[str, Tensor]) -> None:
        tensors.update({name: tensor.double() for name, tensor in tensors.items()})

    rewrite(copy, to_double)
    torch.testing.assert_close(open_model(copy).decoder.embed(torch.tensor([3])), before)


def test_an_index_with_missing_tensors_is_refused(copy: Path) -> None:
    shard(copy)
    index = json.loads((copy / INDEX).read_text())
    index["weight_map"]["llm.model.layers.7.ghost"] = "model-00001-of-00003.safetensors"
    (copy / INDEX).write_text(json.dumps(index))
    with pytest.raises(BadInput, match=r"llm\.model\.layers\.7\.ghost"):
        open_model(copy)


@pytest.mark.parametrize("text", ["{", "[]", '{"model_type": "bert"}', '{"model_type": "minicpmo", "version": "4.5"}'])
def test_an_invalid_config_is_refused(copy: Path, text: str) -> None:
    (copy / "config.json").write_text(text)
    with pytest.raises(BadInput):
        open_model(copy)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", WEIGHTS])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BadInput):
        open_model(copy)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_tiny_checkpoint_is_complete(tiny: Folder, kind: Kind) -> None:
    found = inspect(tiny(kind))
    assert found.name == kind.value and found.whole and not found.differences.unknown
    assert found.lines()[-1] == "complete"


def test_inspection_names_what_is_missing(copy: Path) -> None:
    rewrite(copy, lambda tensors: tensors.__delitem__("apm.conv1.weight"))
    lines = inspect(copy).lines()
    assert "  apm.conv1.weight" in lines and lines[-1].startswith("NOT complete")


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8", "int4"])
def test_the_announced_memory_equals_the_used_memory(tiny: Folder, precision: Precision) -> None:
    shapes = {name: shape for name, shape in Checkpoint(tiny(Kind.V26)).shapes.items() if name.startswith("llm.")}
    matrices = {name: shape for name, shape in shapes.items() if len(shape) == 2}
    loaded = open_model(tiny(Kind.V26), precision).decoder
    assert weight_bytes(matrices, precision) == loaded.nbytes()


def test_the_same_seed_makes_the_same_weights(tiny: Folder, tmp_path: Path) -> None:
    again, other = write_tiny(Kind.V26, tmp_path / "a"), write_tiny(Kind.V26, tmp_path / "b", seed=1)
    assert (again / WEIGHTS).read_bytes() == (tiny(Kind.V26) / WEIGHTS).read_bytes()
    assert (other / WEIGHTS).read_bytes() != (again / WEIGHTS).read_bytes()


def test_kinds_are_recognised_without_a_version() -> None:
    assert kind_of({"model_type": "minicpmv", "vision_config": {"model_type": "idefics2"}}) is Kind.V25
    assert kind_of({"model_type": "minicpmv", "vision_config": {"model_type": "siglip"}}) is Kind.V26
    assert kind_of({"model_type": "minicpmo", "version": 2.6}) is Kind.O26
    for config, missing in (
        ({"model_type": "minicpmv", "version": 4.5}, "joins frames of a film"),
        ({"model_type": "minicpmv", "version": 4.0}, "scales embeddings"),
        ({"model_type": "minicpm"}, "sparse attention"),
    ):
        with pytest.raises(BadInput, match=missing):
            kind_of(config)
    assert set(KINDS.values()) == set(Kind)


def test_transformers_opens_the_tiny_text_model(tiny: Folder) -> None:
    from transformers import AutoModelForCausalLM

    loaded, report = AutoModelForCausalLM.from_pretrained(tiny(Kind.TEXT3), output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    assert torch.isfinite(loaded(torch.tensor([[1, 2, 3]])).logits).all()
