"""Measures the accuracy of each way to compute a GGUF model against the file's own weights in float32.

Compares the most likely token and the Kullback-Leibler divergence of the next-token distribution, teacher-forced over
benchmarks/routes/decoder_texts.txt. The routes are the compiled step token by token at the file's precision, at 8 and
at 4 bits; torch at bfloat16, int8 and int4; and llama.cpp, if it is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dialogue.llm.checkpoints.decoder_weights import GgufWeights
from dialogue.llm.checkpoints.gguf_file import GgufFile
from dialogue.llm.decoder import Decoder
from dialogue.llm.language_model import LanguageModel, open_language_model
from dialogue.llm.native_decoder import NativeDecoder
from dialogue.llm.precision import Quantisation

TEXTS = Path(__file__).with_name("decoder_texts.txt")
TOKENS_AT_ONCE = 16  # uses the same kernels as one token, in less time


@dataclass(frozen=True)
class Agreement:
    """`top1`: share of equal most likely tokens; `divergence`: mean, in nats; `about`: how the model was computed."""

    top1: float
    divergence: float
    about: str


def accuracy(
    path: Path, exact: LanguageModel, llama_logits: Callable[[list[int]], Tensor] | None
) -> dict[str, Agreement]:
    """The agreement by route: compiled, compiled_int8, compiled_int4, torch_bfloat16, torch_int8, torch_int4, llamacpp.
    The compiled routes are missing on a machine that cannot run the compiled step."""
    texts = TEXTS.read_text(encoding="utf-8").split("\n%\n")
    chains = [exact.tokenizer.encode(text.strip(), add_special_tokens=False).ids for text in texts]
    print(f"accuracy over {sum(map(len, chains))} tokens of {len(chains)} texts")
    wanted = torch.cat([in_pieces(exact, ids, len(ids)) for ids in chains])
    result: dict[str, Agreement] = {}
    for name, decoder in routes(path):
        size = 1 if name == "compiled" else TOKENS_AT_ONCE
        found = torch.cat([in_pieces(decoder, ids, size) for ids in chains])
        result[name] = agreement(found, wanted, decoder.describe())
    if llama_logits:
        result["llamacpp"] = agreement(torch.cat([llama_logits(ids) for ids in chains]), wanted, "llama.cpp")
    return result


def routes(path: Path) -> Iterator[tuple[str, Any]]:
    """Yields one decoder at a time: each is freed before the next is opened."""
    compiled: tuple[tuple[str, Quantisation], ...] = (
        ("compiled", "auto"), ("compiled_int8", "int8"), ("compiled_int4", "int4"),
    )  # fmt: skip
    for name, quantisation in compiled:
        decoder = open_language_model(path, quantisation=quantisation).decoder
        if isinstance(decoder, NativeDecoder):
            yield name, decoder
    weights = GgufWeights(GgufFile(path))
    for precision in ("bfloat16", "int8", "int4"):
        yield f"torch_{precision}", Decoder(weights.config, weights, precision=precision)


def agreement(found: Tensor, exact: Tensor, about: str) -> Agreement:
    """Compares logits (T, V)."""
    p, q = exact.log_softmax(-1), found.log_softmax(-1)
    divergence = (p.exp() * (p - q)).sum(-1).mean()
    return Agreement(float((found.argmax(-1) == exact.argmax(-1)).double().mean()), float(divergence), about)


def in_pieces(model: Any, ids: list[int], size: int) -> Tensor:
    """Logits (T, V) of a text that is fed `size` tokens at a time."""
    cache = model.new_cache(len(ids))
    return torch.cat([model.logits(model.forward(cache, piece)) for piece in torch.tensor(ids).split(size)])
