"""The weight converter, on a graph of two convolutions, and the converted file in the repository."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.vision.conftest import WEIGHTS
from vision.weights import convert_nanodet

HALF = {"dtype": "float16", "original_dtype": "float32"}


def tensor(name: str, values: np.ndarray[Any, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": "float32", "quantization": HALF}
    return {"name": name, "shape": list(values.shape), "dtype": "int32"} if values.dtype == np.int32 else entry


def node(name: str, op: str, *inputs: str) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(inputs)}


@pytest.fixture
def model(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray[Any, Any]]]:
    """ "late" is listed first, but runs after "early"."""
    values: dict[str, np.ndarray[Any, Any]] = {
        "late/w": np.arange(4, dtype=np.float16).reshape(1, 1, 2, 2),
        "perm": np.array([0, 2, 3, 1], np.int32),
        "early/w": np.arange(54, dtype=np.float16).reshape(3, 3, 3, 2),
        "early/b": np.array([1, 2], np.float16),
        "late/b": np.array([3, 4], np.float16),
    }
    nodes = [
        *(node(name, "Const") for name in values),
        node("x", "Placeholder"),
        node("late", "Conv2D", "early+", "late/w"),
        node("late+", "Add", "late", "late/b"),
        node("turned", "Transpose", "x", "perm"),
        node("early", "Conv2D", "turned", "early/w"),
        node("early+", "Add", "early", "early/b"),
    ]
    (tmp_path / "net.bin").write_bytes(b"".join(value.tobytes() for value in values.values()))
    path = tmp_path / "net.json"
    manifest = [{"paths": ["net.bin"], "weights": [tensor(name, value) for name, value in values.items()]}]
    signature: dict[str, Any] = {"outputs": {"late+:0": {}}}
    path.write_text(json.dumps({"modelTopology": {"node": nodes}, "signature": signature, "weightsManifest": manifest}))
    return path, values


def test_convolutions_come_in_the_order_of_execution(
    model: tuple[Path, dict[str, np.ndarray[Any, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, values = model
    target = tmp_path / "net.safetensors"
    with pytest.raises(SystemExit, match="use the package"):  # its hash differs from the real one
        convert_nanodet.main(path, target)
    state = load_file(target)
    assert sorted(state) == ["0.b", "0.w", "1.b", "1.w"]
    assert state["0.w"].shape == (2, 3, 3, 3)
    np.testing.assert_array_equal(state["0.w"], values["early/w"].transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(state["1.w"], values["late/w"].transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(state["0.b"], [1, 2])
    monkeypatch.setattr(convert_nanodet, "SHA256", hashlib.sha256(target.read_bytes()).hexdigest())
    convert_nanodet.main(path, target)


def test_the_file_in_the_repository_is_the_converted_one() -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == convert_nanodet.SHA256
