"""Packed weights beside a model's file: used if they are complete and match, made again otherwise, omitted on a full
disk.

Also tests `loader.py`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from gguf import GGMLQuantizationType as Kind

from dialogue.llm.native.loader import NativeMissing, load_library
from dialogue.llm.native.packed_file import Bytes, load_packed, packed_path, store_packed
from dialogue.llm.native_decoder import NativeDecoder
from tests.dialogue.random_weights import RandomWeights, tiny_config

PLAN = [("a", 16, 32, 3, 320), ("b", 32, 32, 3, 640)]
LAYOUT = 1


def fill(panels: Bytes) -> None:
    panels[:] = torch.arange(len(panels)).numpy() % 251


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    return path


def test_stored_weights_are_loaded_unchanged(source: Path) -> None:
    assert load_packed(source, LAYOUT, PLAN) is None
    made = store_packed(source, LAYOUT, PLAN, fill)
    found = load_packed(source, LAYOUT, PLAN)
    assert made is not None and found is not None
    assert (made == found).all() and len(found) == 960 and found[1] == 1
    assert found.ctypes.data % 64 == 0 and not found.flags.writeable
    assert sorted(path.name for path in source.parent.iterdir()) == ["model.gguf", "model.gguf.packed"]


def touched(source: Path) -> None:
    os.utime(source, (1, 1))


def of_other_size(source: Path) -> None:
    source.write_bytes(b"GGUF" + bytes(101))


def with_other_head(source: Path) -> None:
    stated = source.stat()
    source.write_bytes(b"GGUF" + bytes(99) + b"x")
    os.utime(source, ns=(stated.st_atime_ns, stated.st_mtime_ns))


def changed_at(at: int) -> Callable[[Path], None]:
    def change(source: Path) -> None:
        content = bytearray(packed_path(source).read_bytes())
        content[at] ^= 1
        packed_path(source).write_bytes(content)

    return change


def cut_short(source: Path) -> None:
    packed_path(source).write_bytes(packed_path(source).read_bytes()[:-1])


def longer(source: Path) -> None:
    packed_path(source).write_bytes(packed_path(source).read_bytes() + b"x")


def emptied(source: Path) -> None:
    packed_path(source).write_bytes(b"")


@pytest.mark.parametrize(
    "spoil",
    [touched, of_other_size, with_other_head, cut_short, longer, emptied]
    + [changed_at(at) for at in (0, 8, 20, 50, 4096, 4096 + 959)],
)
def test_a_stale_or_damaged_file_is_replaced(source: Path, spoil: Callable[[Path], None]) -> None:
    store_packed(source, LAYOUT, PLAN, fill)
    spoil(source)
    assert load_packed(source, LAYOUT, PLAN) is None
    store_packed(source, LAYOUT, PLAN, fill)
    assert load_packed(source, LAYOUT, PLAN) is not None


def test_weights_of_another_plan_or_layout_are_not_loaded(source: Path) -> None:
    store_packed(source, LAYOUT, PLAN, fill)
    assert load_packed(source, LAYOUT + 1, PLAN) is None
    assert load_packed(source, LAYOUT, PLAN[:1]) is None
    assert load_packed(source, LAYOUT, [("a", 16, 32, 6, 320), PLAN[1]]) is None


def test_nothing_is_written_to_a_full_disk(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(source.parent)._replace(free=1000)
    monkeypatch.setattr("dialogue.llm.native.packed_file.shutil.disk_usage", lambda _: usage)
    assert store_packed(source, LAYOUT, PLAN, fill) is None
    assert list(source.parent.iterdir()) == [source]


def test_a_taken_file_name_prevents_only_the_storing(source: Path) -> None:
    packed_path(source).mkdir()
    panels = store_packed(source, LAYOUT, PLAN, fill)
    assert panels is not None and panels[1] == 1
    assert len(list(source.parent.iterdir())) == 2


def test_an_error_while_packing_leaves_no_file(source: Path) -> None:
    def fail(panels: Bytes) -> None:
        raise ValueError("no such block")

    with pytest.raises(ValueError, match="no such block"):
        store_packed(source, LAYOUT, PLAN, fail)
    assert list(source.parent.iterdir()) == [source]


def test_abandoned_parts_are_removed(source: Path) -> None:
    old, new = (packed_path(source).with_name(f"model.gguf.packed.{name}.part") for name in ("old", "new"))
    for part in (old, new):
        part.write_bytes(b"x")
    os.utime(old, (1, 1))
    store_packed(source, LAYOUT, PLAN, fill)
    assert new.exists() and not old.exists()


def test_stored_weights_give_the_same_results(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        library = load_library()
    except NativeMissing as missing:
        pytest.skip(str(missing))
    config = tiny_config(hidden=256, ffn=512, head_dim=64, heads=4)
    weights = RandomWeights(config, Kind.Q4_K)
    steps: list[tuple[int, int]] = []

    def result(beside: Path | None) -> torch.Tensor:
        native = NativeDecoder(
            config, weights, library, source=beside, on_progress=lambda done, total: steps.append((done, total))
        )
        return native.logits(native.forward(native.new_cache(32), torch.arange(20)))

    plain, made = result(None), result(source)
    monkeypatch.setattr("dialogue.llm.native_decoder.pack", None)  # from here on nothing is packed
    steps.clear()
    found = result(source)
    assert torch.equal(plain, made) and torch.equal(plain, found)
    assert steps == [(15, 15)]
