"""Measures speed and accuracy of the decoder beside llama.cpp and transformers, on the same file, in one run.

Speed: the routes take turns in short rounds, so that noise of the machine affects all of them. Decoding runs on one
thread, in processor time (routes/route_clock.py), prefill on --threads. Each token reads the whole file once, so
`memory_gb_s`, the memory bandwidth of one thread, bounds every route. Accuracy: see routes/decoder_accuracy.py.

llama.cpp is optional (routes/llamacpp.py); its columns are missing without it.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any, Protocol

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import benchmark_parser, report
from benchmarks.routes.decoder_accuracy import Agreement, accuracy
from benchmarks.routes.llamacpp import LlamaCpp, llamacpp_folder
from benchmarks.routes.route_clock import clock_of
from dialogue.llm.language_model import LanguageModel, open_language_model
from dialogue.sizing.model_estimate import memory_speed
from stream.models.weights import WeightStore
from ui.host.home import home

CONTEXTS = (256, 1536)
CHUNKS = (8, 16, 32, 64)
DECODED = 16  # tokens per round


class MeasuredRoute(Protocol):
    """One way to compute the model; times are seconds."""

    def fill(self, ids: list[int], threads: int) -> None: ...
    def decode(self, token: int, at: int, times: int) -> list[float]: ...
    def prefill(self, ids: list[int], at: int, times: int, threads: int) -> list[float]: ...


class OwnDecoder:
    """The product's decoder, by any of its routes."""

    def __init__(self, path: Path, quantisation: Any, threads: int) -> None:
        self.models = {n: open_language_model(path, quantisation=quantisation, threads=n) for n in {1, threads}}
        self.caches = {n: model.new_cache(2048) for n, model in self.models.items()}

    def fill(self, ids: list[int], threads: int) -> None:
        self.caches[threads].rewind(0)
        self.models[threads].forward(self.caches[threads], torch.tensor(ids))

    def decode(self, token: int, at: int, times: int) -> list[float]:
        return [self._step(1, [token], at + n) for n in range(times)]

    def prefill(self, ids: list[int], at: int, times: int, threads: int) -> list[float]:
        return [self._step(threads, ids, at) for _ in range(times)]

    def _step(self, threads: int, ids: list[int], at: int) -> float:
        model, cache = self.models[threads], self.caches[threads]
        clock = clock_of(threads)
        cache.rewind(at)
        began = clock()
        model.logits(model.forward(cache, torch.tensor(ids))[-1])
        return clock() - began


class Transformers:
    """transformers' own model in bfloat16, with the same weights."""

    def __init__(self, exact: LanguageModel) -> None:
        from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

        c = exact.config
        config = LlamaConfig(
            vocab_size=c.vocab_size, hidden_size=c.hidden_size, intermediate_size=c.ffn_size,
            num_hidden_layers=c.layers, num_attention_heads=c.heads, num_key_value_heads=c.kv_heads,
            head_dim=c.head_dim, rms_norm_eps=c.norm_eps, max_position_embeddings=c.max_positions,
            tie_word_embeddings=c.tied_head, rope_parameters={"rope_type": "default", "rope_theta": c.rope.theta},
        )  # fmt: skip
        self.new_cache = DynamicCache
        self.model = LlamaForCausalLM(config).to(torch.bfloat16).eval()  # random weights: they do not change its speed
        self.cache = DynamicCache()

    def fill(self, ids: list[int], threads: int) -> None:
        self.cache = self.new_cache()
        self._step(ids, 0)

    def decode(self, token: int, at: int, times: int) -> list[float]:
        return [self._step([token], at + n) for n in range(times)]

    def prefill(self, ids: list[int], at: int, times: int, threads: int) -> list[float]:
        torch.set_num_threads(threads)
        taken = [self._step(ids, at) for _ in range(times)]
        torch.set_num_threads(1)
        return taken

    @torch.inference_mode()
    def _step(self, ids: list[int], at: int) -> float:
        if surplus := self.cache.get_seq_length() - at:
            self.cache.crop(-surplus)
        clock = clock_of(torch.get_num_threads())
        began = clock()
        self.model(input_ids=torch.tensor([ids]), past_key_values=self.cache, logits_to_keep=1)
        return clock() - began


def speeds(routes: dict[str, MeasuredRoute], ids: list[int], rounds: int, threads: int) -> dict[str, dict[str, float]]:
    """Median seconds of each route for each task ("decode 256", "prefill 8 at 256")."""
    times: dict[str, dict[str, list[float]]] = {name: {} for name in routes}
    for context in CONTEXTS[::-1]:  # the longest first, so that the shorter one only needs a rewind
        for route in routes.values():
            for n in {1, threads}:
                route.fill(ids[:context], n)
        for _ in range(rounds):
            for name, route in routes.items():
                taken = times[name]
                taken.setdefault(f"decode {context}", []).extend(route.decode(ids[context], context, DECODED))
                for chunk in CHUNKS:
                    new = ids[context : context + chunk]
                    taken.setdefault(f"prefill {chunk} at {context}", []).extend(
                        route.prefill(new, context, 2, threads)
                    )
    return {name: {task: statistics.median(t) for task, t in taken.items()} for name, taken in times.items()}


def measure(path: Path, rounds: int, threads: int) -> dict[str, float]:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # the run takes minutes: show each figure at once
    torch.set_num_threads(1)
    exact = open_language_model(path, quantisation="float32")
    folder = llamacpp_folder()
    llama = LlamaCpp(folder, path) if folder is not None else None
    routes: dict[str, MeasuredRoute] = {"ours": OwnDecoder(path, "auto", threads), "transformers": Transformers(exact)}
    if llama:
        routes["llama.cpp"] = llama
    ids = torch.randint(20, exact.config.vocab_size, (2048,), generator=torch.Generator().manual_seed(0)).tolist()
    taken = speeds(routes, ids, rounds, threads)
    print(f"{'ms':24}" + "".join(f"{name:>14}" for name in routes))
    for task in taken["ours"]:
        print(f"{task:24}" + "".join(f"{1e3 * taken[name][task]:14.2f}" for name in routes))
    return figures(taken, measure_accuracy(path, exact, llama))


def measure_accuracy(path: Path, exact: LanguageModel, llama: LlamaCpp | None) -> dict[str, Agreement]:
    agreements = accuracy(path, exact, llama.logits if llama else None)
    for name, each in agreements.items():
        print(f"{name:20} top-1 {100 * each.top1:7.3f} %   KL {each.divergence:.2e}   {each.about}")
    return agreements


def precision_figures(agreements: dict[str, Agreement]) -> dict[str, float]:
    """top1_NAME and kl_NAME of each way to compute the model; `top1` and `kl` are those of the default."""
    named = {"": agreements["compiled"] if "compiled" in agreements else agreements["torch_int4"]}
    named |= {f"_{name}": each for name, each in agreements.items()}
    return {
        f"{kind}{name}": figure
        for name, each in named.items()
        for kind, figure in (("top1", each.top1), ("kl", each.divergence))
    }


def figures(taken: dict[str, dict[str, float]], agreements: dict[str, Agreement]) -> dict[str, float]:
    ours = taken["ours"]
    result = {
        "decode_tok_s": 1 / ours["decode 256"],
        "decode_tok_s_1536": 1 / ours["decode 1536"],
        "memory_gb_s": memory_speed() / 1e9,
        "transformers_decode_tok_s": 1 / taken["transformers"]["decode 256"],
        **precision_figures(agreements),
    }
    if "llama.cpp" in taken:
        theirs = taken["llama.cpp"]
        ratios = [theirs[task] / ours[task] for task in ours if task.startswith("prefill")]
        result |= {
            "llamacpp_decode_tok_s": 1 / theirs["decode 256"],
            "decode_ratio": theirs["decode 256"] / ours["decode 256"],
            "decode_ratio_1536": theirs["decode 1536"] / ours["decode 1536"],
            "prefill_ratio": statistics.geometric_mean(ratios),
            "prefill_ratio_least": min(ratios),
        }
    return result


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--model", type=Path, help="a GGUF file (default: the embedded model)")
    parser.add_argument("--rounds", type=int, default=8, help="number of rounds of each route (default: 8)")
    parser.add_argument("--threads", type=int, default=2, help="threads for prefill, for all routes (default: 2)")
    parser.add_argument("--accuracy", action="store_true", help="measure accuracy only (2 min)")
    options = parser.parse_args()
    path = options.model or WeightStore(home()).path("smollm2-135m-instruct")
    if options.accuracy:
        found = precision_figures(measure_accuracy(path, open_language_model(path, quantisation="float32"), None))
    else:
        found = measure(path, options.rounds, options.threads)
    report({name: float(f"{value:.4g}") for name, value in found.items()}, options.json)


if __name__ == "__main__":
    main()
