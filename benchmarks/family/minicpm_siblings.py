"""Measures models that transformers runs: MiniCPM V 4.6, V 4.7, OCR and other image-text models."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.family.minicpm_figures import TOKENS, TRIES, question
from benchmarks.family.peak_memory import PeakMemory
from dialogue.image_text.image_text_model import open_image_text_model
from dialogue.image_text.token_stream import TokenStream
from dialogue.llm.precision import Precision


def measure_sibling(folder: Path, precision: Precision, device: str) -> dict[str, float]:
    """Milliseconds and megabytes of one checkpoint."""
    memory, began = PeakMemory(device), time.perf_counter()
    model = open_image_text_model(folder, precision, device)
    load, peak = time.perf_counter() - began, memory.raised_by()
    firsts, each = [], float("inf")
    for _ in range(TRIES):
        began = time.perf_counter()
        stream = TokenStream(model, model.prompt(question()))
        running = stream.step() is not None
        firsts.append(time.perf_counter() - began)
        began = time.perf_counter()
        while running and stream.tokens <= TOKENS:
            running = stream.step() is not None
        each = min(each, (time.perf_counter() - began) / max(1, stream.tokens - running))
    times = {"load_ms": 1e3 * load, "first_token_ms": 1e3 * min(firsts), "token_ms": 1e3 * each}
    return {"load_peak_mb": peak / 1e6, **times, "tokens_per_s": 1 / each}
