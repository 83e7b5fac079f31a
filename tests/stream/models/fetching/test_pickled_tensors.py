"""Pickled weights are converted bit for bit, and what is no tensor is refused."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from stream.models.fetching.pickled_tensors import to_safetensors


def test_the_pickle_becomes_a_file_of_tensors(tmp_path: Path) -> None:
    source, target = tmp_path / "net.pth", tmp_path / "net.safetensors"
    state = {"a.weight": torch.arange(6.0).reshape(2, 3).T, "a.num_batches_tracked": torch.tensor(3)}
    torch.save(state, source, _use_new_zipfile_serialization=False)
    to_safetensors(source, target)
    assert {name: tensor.tolist() for name, tensor in load_file(target).items()} == {
        "a.weight": [[0, 3], [1, 4], [2, 5]]
    }


class Attack:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made",)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "net.pth"
    source.write_bytes(pickle.dumps({"a": Attack()}))
    with pytest.raises(ValueError, match="holds no tensors"):
        to_safetensors(source, tmp_path / "net.safetensors")
    assert not (tmp_path / "made").exists()


def test_a_file_that_is_not_the_encoders_is_refused(tmp_path: Path) -> None:
    torch.save({"other": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"other\.pt holds no tensors"):
        to_safetensors(tmp_path / "other.pt", tmp_path / "out", under="model_state")
