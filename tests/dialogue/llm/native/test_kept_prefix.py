"""The prompt that is kept beside a model file: found again, and refused where anything differs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from dialogue.llm.native.kept_prefix import load_prefix, prefix_path, store_prefix

IDS = (5, 6, 7)
ROWS = torch.arange(2 * 2 * 1 * 3 * 4, dtype=torch.float16).reshape(2, 2, 1, 3, 4)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"weights")
    store_prefix(path, "compiled", IDS, ROWS)
    return path


def test_it_is_found_again(source: Path) -> None:
    found = load_prefix(source, "compiled", IDS, torch.empty_like(ROWS))
    assert found is not None
    assert torch.equal(found, ROWS)
    assert sorted(path.name for path in source.parent.iterdir()) == ["model.gguf", "model.gguf.prefix"]


def test_another_prompt_computation_or_size_is_not_taken(source: Path) -> None:
    assert load_prefix(source, "compiled", (5, 6, 8), ROWS) is None
    assert load_prefix(source, "torch", IDS, ROWS) is None
    assert load_prefix(source, "compiled", IDS, ROWS.float()) is None
    assert load_prefix(source, "compiled", IDS, ROWS[:1]) is None


def test_another_model_file_is_not_taken(source: Path) -> None:
    os.utime(source, ns=(1, 1))
    assert load_prefix(source, "compiled", IDS, ROWS) is None


@pytest.mark.parametrize("at", [0, 20, 42, -1])
def test_a_damaged_file_is_not_taken(source: Path, at: int) -> None:
    kept = bytearray(prefix_path(source).read_bytes())
    kept[at] ^= 1
    prefix_path(source).write_bytes(kept)
    assert load_prefix(source, "compiled", IDS, ROWS) is None


def test_a_short_file_is_not_taken(source: Path) -> None:
    prefix_path(source).write_bytes(prefix_path(source).read_bytes()[:-1])
    assert load_prefix(source, "compiled", IDS, ROWS) is None


def test_a_folder_that_cannot_be_written_is_no_error(source: Path, caplog: pytest.LogCaptureFixture) -> None:
    prefix_path(source).unlink()
    prefix_path(source).mkdir()
    (prefix_path(source) / "in the way").touch()
    store_prefix(source, "compiled", IDS, ROWS)
    assert "is not kept" in caplog.text
    assert not list(source.parent.glob("*.part"))
