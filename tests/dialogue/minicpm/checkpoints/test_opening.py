"""A damaged checkpoint is refused before any tensor is read, with a message that names the damage; files are closed.

Also tests `inventory.py`.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import INDEX, Checkpoint
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind

Folder = Callable[[Kind], Path]
Damage = Callable[[Path], object]
WEIGHTS = "model.safetensors"
NORM = "llm.model.norm.weight"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def shard(folder: Path, **misplaced: Any) -> None:
    """Split the weights into two files and an index, in which `misplaced` names point elsewhere."""
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    index: dict[str, Any] = {}
    for number, file in enumerate(SHARDS):
        part = {name: tensor for place, (name, tensor) in enumerate(sorted(tensors.items())) if place % 2 == number}
        save_file(part, folder / file)
        index |= dict.fromkeys(part, file)
    (folder / INDEX).write_text(json.dumps({"weight_map": index | misplaced}))


def config(folder: Path, part: str = "", **fields: Any) -> None:
    """Set fields of config.json, or of a part of it; None removes a field."""
    whole = json.loads((folder / "config.json").read_text())
    inner = whole[part] if part else whole
    inner.update(fields)
    for name in [name for name, value in fields.items() if value is None]:
        del inner[name]
    (folder / "config.json").write_text(json.dumps(whole))


def tensors(folder: Path, **changed: torch.Tensor | None) -> None:
    held = load_file(folder / WEIGHTS)
    held.update({name: tensor for name, tensor in changed.items() if tensor is not None})
    save_file(
        {name: tensor for name, tensor in held.items() if changed.get(name, tensor) is not None}, folder / WEIGHTS
    )


def header(length: int, text: bytes = b"") -> Damage:
    def damage(folder: Path) -> None:
        rest = text or (folder / WEIGHTS).read_bytes()[8:]
        (folder / WEIGHTS).write_bytes(struct.pack("<Q", length) + rest)

    return damage


def cut(share: float) -> Damage:
    return lambda folder: os.truncate(folder / WEIGHTS, int((folder / WEIGHTS).stat().st_size * share))


def absent_shard(folder: Path) -> None:
    shard(folder)
    (folder / SHARDS[1]).unlink()


def tensor_twice(folder: Path) -> None:
    shard(folder)
    first, second = (load_file(folder / file) for file in SHARDS)
    save_file(second | {next(iter(first)): next(iter(first.values())) * 2}, folder / SHARDS[1])


damages: dict[str, tuple[Damage, str]] = {
    "missing shard": (absent_shard, f"missing in .*{SHARDS[1]}"),
    "index names an absent shard": (lambda f: shard(f, **{NORM: "model-9.safetensors"}), "missing in .*model-9"),
    "index names another shard": (lambda f: shard(f, **{NORM: SHARDS[0]}), f"{NORM} in {SHARDS[0]}"),
    "index names no file": (lambda f: shard(f, **{NORM: 5}), f"names no file of this folder for {NORM}"),
    "index leaves the folder": (lambda f: shard(f, **{NORM: "../x.safetensors"}), f"no file of this folder for {NORM}"),
    "index is empty": (lambda f: (f / INDEX).write_text('{"weight_map": {}}'), "has no weight_map"),
    "two files with one tensor": (lambda f: shutil.copy(f / WEIGHTS, f / "old.safetensors"), f"{WEIGHTS} and old"),
    "two shards with one tensor": (tensor_twice, f"is in {SHARDS[0]} and {SHARDS[1]}"),
    "empty file": (cut(0.0), f"{WEIGHTS} is damaged or cut off"),
    "cut in its header": (cut(0.001), f"{WEIGHTS} is damaged or cut off"),
    "cut in its numbers": (cut(0.9), f"{WEIGHTS} is damaged or cut off"),
    "header of absurd length": (header(2**62), f"{WEIGHTS} is damaged or cut off"),
    "header longer than the file": (header(2 * 10**9), f"{WEIGHTS} is damaged or cut off"),
    "header of garbage": (header(12, b"{garbage: 1}"), f"{WEIGHTS} is damaged or cut off"),
    "a pointer instead of a file": (
        lambda f: (f / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        f"{WEIGHTS} is damaged or cut off",
    ),
    "wrong shape": (lambda f: tensors(f, **{NORM: torch.ones(7)}), rf"{NORM} is \(7,\), not \(128,\)"),
    "whole numbers": (lambda f: tensors(f, **{NORM: torch.ones(128, dtype=torch.int8)}), f"{NORM} is stored as I8"),
    "truths": (lambda f: tensors(f, **{NORM: torch.ones(128, dtype=torch.bool)}), f"{NORM} is stored as BOOL"),
    "missing tensor": (lambda f: tensors(f, **{NORM: None}), f"lacks 1 tensors: {NORM}"),
    "unknown tensor": (lambda f: tensors(f, **{"llm.extra": torch.ones(1)}), r"unknown tensors: llm\.extra"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "cannot be read as a tokenizer"),
    "broken tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "cannot be read as a tokenizer"),
    "no config": (lambda f: (f / "config.json").unlink(), r"config\.json cannot be read"),
    "no width": (lambda f: config(f, hidden_size=None), "states no hidden_size"),
    "no tower": (lambda f: config(f, vision_config=None), "lacks 'vision_config'"),
    "no width of the audio encoder": (lambda f: config(f, "audio_config", d_model=None), "lacks 'd_model'"),
    "no pool": (lambda f: config(f, audio_pool_step=None), "lacks 'audio_pool_step'"),
    "pool of nothing": (lambda f: config(f, audio_pool_step=0), "audio_pool_step is 0"),
    "tower of another kind": (lambda f: config(f, vision_config=5), "vision_config is 5"),
    "a billion layers": (lambda f: config(f, num_hidden_layers=10**9), "num_hidden_layers is 1000000000"),
    "slices of no patches": (lambda f: config(f, slice_config={"patch_size": 0}), r"slice_config\.patch_size is 0"),
    "heads that do not divide": (
        lambda f: config(f, "vision_config", num_attention_heads=3),
        r"config\.json is invalid",
    ),
}


@pytest.fixture
def copy(tiny: Folder, tmp_path: Path) -> Path:
    """A copy of a tiny checkpoint to damage."""
    return Path(shutil.copytree(tiny(Kind.O45), tmp_path / "model"))


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reading a tensor fails the test."""

    def refuse(_checkpoint: Checkpoint, name: str) -> torch.Tensor:
        raise AssertionError(f"{name} was read before the folder was checked")

    monkeypatch.setattr(Checkpoint, "tensor", refuse)
    monkeypatch.setattr(Checkpoint, "copied", refuse)
    yield


def held(folder: Path) -> list[str]:
    """Files below `folder` that this process has open or mapped."""
    own = Path("/proc/self")
    links = [entry.readlink() for entry in (own / "fd").iterdir() if entry.is_symlink()]
    mapped = [line.split(maxsplit=5)[-1] for line in (own / "maps").read_text().splitlines()]
    return sorted({name for name in (*map(str, links), *mapped) if name.startswith(str(folder))})


@pytest.mark.parametrize("name", damages)
def test_damage_is_reported_before_a_tensor_is_read(copy: Path, unread: None, name: str) -> None:
    damage, message = damages[name]
    damage(copy)
    with pytest.raises(BadInput, match=message):
        open_model(copy)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="this system does not list open files")
@pytest.mark.parametrize("name", ["cut in its numbers", "wrong shape", "missing shard", "no tokenizer", "no pool"])
def test_no_file_of_a_damaged_folder_stays_open(copy: Path, name: str) -> None:
    whole = Checkpoint(copy)
    assert held(copy) == [str(copy / WEIGHTS)]
    del whole
    damages[name][0](copy)
    with pytest.raises(BadInput):
        open_model(copy)
    gc.collect()
    assert held(copy) == []
