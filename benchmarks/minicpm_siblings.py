"""What a model takes here that transformers runs itself: MiniCPM V 4.6, V 4.7, OCR and other image-text models."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.peak_memory import PeakMemory
from dialogue.image_text.seeing_model import open_seeing_model
from dialogue.image_text.writing import TokenStream
from dialogue.llm.precision import Precision
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

TOKENS = 32  # decoded for tokens a second
TRIES = 3
PICTURE = np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8)
ASKED = [HistoryTurn("user", [EncodedPicture(PICTURE), "What do you see?"])]


def measured_sibling(folder: Path, precision: Precision, device: str) -> dict[str, float]:
    """Milliseconds and megabytes of one checkpoint."""
    memory, began = PeakMemory(device), time.perf_counter()
    seeing = open_seeing_model(folder, precision, device)
    load, peak = time.perf_counter() - began, memory.raised_by()
    firsts, each = [], float("inf")
    for _ in range(TRIES):
        began = time.perf_counter()
        writing = TokenStream(seeing, seeing.prompt(ASKED))
        going = writing.step() is not None
        firsts.append(time.perf_counter() - began)
        began = time.perf_counter()
        while going and writing.tokens <= TOKENS:
            going = writing.step() is not None
        each = min(each, (time.perf_counter() - began) / max(1, writing.tokens - going))
    times = {"load_ms": 1e3 * load, "first_token_ms": 1e3 * min(firsts), "token_ms": 1e3 * each}
    return {"load_peak_mb": peak / 1e6, **times, "tokens_per_s": 1 / each}
