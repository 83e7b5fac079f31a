"""Compares the decoder with llama.cpp on the same file in the same run, on one thread each.

A ratio is llama.cpp's median time over ours. The routes alternate; one-threaded work is measured in processor time,
which other work on the machine affects less than wall time. `top1` is the share of equal most likely tokens between the
compiled step (16 tokens at a time) and the file's weights in float32, teacher-forced over routes/decoder_texts.txt.
`load_s` and `rss_mb` are measured in a new process that opens the model, whose packed weights are stored beside the
file, and decodes in two sessions of 1,000 tokens. `ttft_ms_median` is measured in sessions of the larger embedded model
(routes/first_token.py).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import benchmark_parser, report
from benchmarks.routes.decoder import MeasuredRoute, OwnDecoder, speeds
from benchmarks.routes.decoder_accuracy import TEXTS, TOKENS_AT_ONCE, in_pieces
from benchmarks.routes.first_token import first_token_ms
from benchmarks.routes.llamacpp import LlamaCpp, llamacpp_folder
from dialogue.engines.entries import DEFAULT_LLM, LARGER_LLM
from dialogue.engines.settings import LargerEmbeddedSettings
from dialogue.llm.language_model import open_language_model
from stream.models.weights import WeightStore
from ui.host.home import home

PARTS = ("speed", "small", "top1", "load", "first")
COMPARED = {"speed", "small"}  # with llama.cpp

_OPEN = """
import json, sys, time
began = time.perf_counter()
sys.path.insert(0, sys.argv[2])
import torch
from pathlib import Path
from dialogue.llm.language_model import open_language_model
torch.set_num_threads(1)
imported = time.perf_counter()
model = open_language_model(Path(sys.argv[1]))
load_s = time.perf_counter() - imported
for call in [model.new_cache(2048) for _ in range(2)]:
    model.forward(call, torch.arange(1000) + 20)
    model.logits(model.forward(call, torch.tensor([20])))
rss = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(json.dumps({"load_s": load_s, "import_s": imported - began, "rss_mb": rss / 1024}))
"""


def ratios(path: Path, rounds: int, llamacpp: Path) -> dict[str, float]:
    """llama.cpp's time over ours, by task; prints both."""
    routes: dict[str, MeasuredRoute] = {"ours": OwnDecoder(path, "auto", 1), "llama.cpp": LlamaCpp(llamacpp, path)}
    ids = torch.randint(20, 40_000, (2048,), generator=torch.Generator().manual_seed(0)).tolist()
    taken = speeds(routes, ids, rounds, 1)
    print(f"{path.name}\n{'ms':24}{'ours':>10}{'llama.cpp':>12}{'ratio':>8}")
    found = {}
    for task, ours in taken["ours"].items():
        theirs = taken["llama.cpp"][task]
        found[task] = theirs / ours
        print(f"{task:24}{1e3 * ours:10.1f}{1e3 * theirs:12.1f}{found[task]:8.2f}", flush=True)
    return found


def speed_figures(path: Path, rounds: int, llamacpp: Path) -> dict[str, float]:
    found = ratios(path, rounds, llamacpp)
    prefill = [ratio for task, ratio in found.items() if task.startswith("prefill")]
    return {
        "decode_ratio": found["decode 256"],
        "decode_ratio_1536": found["decode 1536"],
        "prefill_ratio": statistics.geometric_mean(prefill),
        "prefill_ratio_least": min(prefill),
    }


def top1(path: Path) -> float:
    """The share of equal choices; computes one text at a time, because the logits of all would take gigabytes."""
    model, exact = open_language_model(path), open_language_model(path, quantisation="float32")
    same = asked = 0
    for text in TEXTS.read_text(encoding="utf-8").split("\n%\n"):
        ids = model.tokenizer.encode(text.strip(), add_special_tokens=False).ids
        found = in_pieces(model, ids, TOKENS_AT_ONCE).argmax(-1)
        same += int((found == in_pieces(exact, ids, len(ids)).argmax(-1)).sum())
        asked += len(ids)
        print(f"top-1: {same} of {asked}", flush=True)
    return same / asked


def loading(path: Path) -> dict[str, float]:
    open_language_model(path)  # packs the weights if there is no packed file yet
    command = [sys.executable, "-c", _OPEN, str(path), str(Path(__file__).parents[1])]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in json.loads(answer).items()}


def speed_of_larger_llm(path: Path, rounds: int = 5, parts: Collection[str] = PARTS) -> dict[str, float]:
    """The figures of the larger embedded model in `path`, or of a part of them:
    decode_ratio, decode_ratio_1536, prefill_ratio, prefill_ratio_least (speed), small_decode_ratio (small),
    top1 (top1), load_s, import_s, rss_mb (load), ttft_ms_median (first). Without llama.cpp the first two are left out.
    """
    torch.set_num_threads(1)
    found: dict[str, float] = {}
    llamacpp = llamacpp_folder()
    if COMPARED & set(parts) and llamacpp is None:
        print("Without llama.cpp there are no ratios (benchmarks/README.md says where it comes from).", file=sys.stderr)
    if "load" in parts:
        found |= loading(path)
    if "first" in parts:
        found["ttft_ms_median"] = first_token_ms(LargerEmbeddedSettings(), WeightStore(home()))
    if "speed" in parts and llamacpp is not None:
        found |= speed_figures(path, rounds, llamacpp)
    if "small" in parts and llamacpp is not None:
        small = ratios(WeightStore(home()).path(DEFAULT_LLM), rounds, llamacpp)
        found["small_decode_ratio"] = small["decode 256"]
    if "top1" in parts:
        found["top1"] = top1(path)
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("model", type=Path, nargs="?", help="a GGUF file (default: the larger embedded model)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which the routes alternate (default: 5)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    options = parser.parse_args()
    path = options.model or WeightStore(home()).path(LARGER_LLM)
    report(speed_of_larger_llm(path, options.rounds, options.parts), options.json)


if __name__ == "__main__":
    main()
