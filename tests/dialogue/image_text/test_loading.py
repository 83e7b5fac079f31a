"""Loading models of transformers: the same weights as transformers loads, less memory, damaged files refused.

Tests dialogue/image_text/skeleton.py and quantising.py as well.

Also tests `quantising.py` and `skeleton.py`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForImageTextToText

from dialogue.errors import BadInput
from dialogue.image_text.loading import load_model
from dialogue.image_text.quantising import PackedLinear, large_matrices
from dialogue.image_text.skeleton import skeleton
from dialogue.llm.linear import make_linear
from dialogue.llm.precision import Precision
from tests.dialogue.image_text.other_families import OTHERS, write_other

Folder = Callable[[str], Path]
WEIGHTS = "model.safetensors"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
CLEAR_PEAK = Path("/proc/self/clear_refs")


@pytest.fixture
def copy(sibling: Folder, tmp_path: Path) -> Path:
    """A tiny sibling that may be damaged."""
    return Path(shutil.copytree(sibling("minicpmv4_6"), tmp_path / "copy"))


def rewrite(folder: Path, change: Callable[[dict[str, Tensor]], Any]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


def shard(folder: Path) -> None:
    """Splits the tensors over two files with an index."""
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    places = {name: SHARDS[number % 2] for number, name in enumerate(sorted(tensors))}
    for file in SHARDS:
        save_file({name: tensors[name] for name in tensors if places[name] == file}, folder / file)
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": places}))


@pytest.mark.parametrize("kind", ["minicpmv4_6", "minicpmv4_7", "minicpm_ocr", *OTHERS])
def test_the_weights_equal_those_that_transformers_loads(sibling: Folder, tmp_path: Path, kind: str) -> None:
    folder = write_other(kind, tmp_path) if kind in OTHERS else sibling(kind)
    theirs = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.bfloat16)
    model = load_model(folder, "bfloat16", "cpu")
    made, wanted = model.state_dict(), theirs.state_dict()
    assert made.keys() == wanted.keys()
    assert all(torch.equal(made[name], wanted[name]) for name in wanted)
    buffers = dict(theirs.named_buffers())
    assert all(torch.equal(each, buffers[name]) for name, each in model.named_buffers())


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_only_the_large_matrices_are_packed(sibling: Folder, precision: Precision) -> None:
    dense = load_model(sibling("minicpm_ocr"), "float32", "cpu")
    model = load_model(sibling("minicpm_ocr"), precision, "cpu")
    packed = {name: each for name, each in model.named_modules() if isinstance(each, PackedLinear)}
    assert packed.keys() == large_matrices(dense).keys() and len(packed) > 12
    name, layer = next(iter(packed.items()))
    x = torch.randn(3, layer.in_features)
    stored = dense.get_submodule(name).weight.bfloat16()
    expected = make_linear(stored, None, precision, torch.device("cpu"))(x)
    assert torch.equal(layer(x), expected)
    assert {each.dtype for each in model.parameters()} == {torch.bfloat16}
    assert not any(each.is_meta for each in [*model.parameters(), *model.buffers()])


def test_shards_are_one_model(copy: Path, sibling: Folder) -> None:
    shard(copy)
    made = load_model(copy, "float32", "cpu").state_dict()
    wanted = load_file(sibling("minicpmv4_6") / WEIGHTS)
    assert sum(each.numel() for each in made.values()) == sum(each.numel() for each in wanted.values())


def test_a_missing_or_truncated_shard_is_named(copy: Path) -> None:
    shard(copy)
    whole = (copy / SHARDS[1]).read_bytes()
    (copy / SHARDS[1]).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=f"{SHARDS[1]} is damaged or cut off"):
        load_model(copy, "bfloat16", "cpu")
    (copy / SHARDS[1]).unlink()
    with pytest.raises(BadInput, match=f"missing.*{SHARDS[1]}"):
        load_model(copy, "bfloat16", "cpu")


def test_an_index_with_missing_tensors_is_refused(copy: Path) -> None:
    shard(copy)
    index = json.loads((copy / f"{WEIGHTS}.index.json").read_text())
    index["weight_map"]["model.ghost"] = SHARDS[0]
    (copy / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    with pytest.raises(BadInput, match=r"promises tensors that are not there: model\.ghost"):
        load_model(copy, "bfloat16", "cpu")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda tensors: tensors.update({"lm_head.weight": torch.ones(7, 64)}),
            r"lm_head\.weight is \(7, 64\), not \(",
        ),
        (lambda tensors: tensors.update({"lm_head.weight": tensors["lm_head.weight"].char()}), "stored as I8"),
        (lambda tensors: tensors.pop("lm_head.weight"), r"lacks 1 tensors: lm_head\.weight"),
    ],
)
@pytest.mark.parametrize("precision", ["float32", "int4"])
def test_no_tensor_is_read_if_any_does_not_fit(
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Tensor]], Any],
    message: str,
    precision: Any,
) -> None:
    from dialogue.llm.checkpoints.checkpoint import Checkpoint

    rewrite(copy, change)
    for reading in ("tensor", "copied"):
        monkeypatch.setattr(Checkpoint, reading, lambda *_: pytest.fail("a tensor was read"))
    with pytest.raises(BadInput, match=message):
        load_model(copy, precision, "cpu")


def test_the_shape_of_a_matrix_to_be_packed_is_checked(copy: Path) -> None:
    name = next(name for name in load_file(copy / WEIGHTS) if name.endswith("mlp.down_proj.weight"))
    rewrite(copy, lambda tensors: tensors.update({name: tensors[name].T.contiguous()}))
    with pytest.raises(BadInput, match=r"down_proj\.weight is \(96, 64\), not \(64, 96\)"):
        load_model(copy, "int4", "cpu")


def test_quantised_weights_are_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "quantization_config": {"quant_method": "awq"}}))
    with pytest.raises(BadInput, match="quantised already"):
        load_model(copy, "bfloat16", "cpu")


PEAK = """
import gc, sys
from pathlib import Path
from dialogue.image_text.image_text_model import open_image_text_model

def megabytes(field):
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[field].split()[0]) / 1e3

tiny, large, *precisions = sys.argv[1:]
for precision in precisions:
    open_image_text_model(Path(tiny), precision)  # loads libraries and their caches first
    gc.collect()
    before = megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    final = open_image_text_model(Path(large), precision).nbytes() / 1e6
    print(final, megabytes("VmHWM") - before)
"""


@pytest.fixture(scope="module")
def large(sibling: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sibling of 64 million parameters in float32: 256 MB."""
    folder = Path(shutil.copytree(sibling("minicpm_ocr"), tmp_path_factory.mktemp("large") / "model"))
    config = AutoConfig.from_pretrained(folder)
    text = config.text_config
    text.hidden_size, text.intermediate_size, text.num_hidden_layers, text.head_dim = 768, 2304, 10, 128
    text.layer_types = (text.layer_types * 4)[:10]
    config.save_pretrained(folder)
    shapes = {name: each.shape for name, each in skeleton(config).state_dict().items()}
    save_file({name: torch.rand(shape) for name, shape in shapes.items()}, folder / WEIGHTS)
    return folder


@pytest.mark.skipif(not CLEAR_PEAK.exists(), reason="only Linux can reset the peak memory of a process")
def test_the_peak_memory_of_loading_is_about_the_size_of_the_model(sibling: Folder, large: Path) -> None:
    command = [sys.executable, "-c", PEAK, str(sibling("minicpm_ocr")), str(large), "int4", "bfloat16"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3]).stdout
    for line in output.splitlines():
        final, peak = map(float, line.split())
        assert peak < 1.4 * final + 25, f"a peak of {peak:.0f} MB for a model of {final:.0f} MB"
    assert len(output.splitlines()) == 2
