"""Finds the times of words in the sound of a known text, by the cross-attention of Whisper (CTranslate2's `align`)."""

from __future__ import annotations

from pathlib import Path

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.mel import FRAMES_PER_S, log_mel

WINDOW = 30 * HEARING_RATE_HZ
TOKEN_S = 0.02  # of an encoder state
SEARCH_S, SPAN_S = 0.05, 0.01

WordSpan = tuple[str, float, float]


class Aligner:
    """Whisper tiny.en as an aligner. `model_dir` as for `audio.transcribe.Transcriber`."""

    def __init__(self, model_dir: Path) -> None:
        self._model = ctranslate2.models.Whisper(str(model_dir), device="cpu", compute_type="int8", intra_threads=1)
        self._tokens = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
        self._prompt = [self._tokens.token_to_id(name) for name in ("<|startoftranscript|>", "<|notimestamps|>")]

    def words(self, samples_16k: Samples, text: str) -> tuple[WordSpan, ...]:
        """The words of `text` with their times; a boundary lies in the quietest place near the aligned one."""
        mel = log_mel(np.pad(samples_16k, (0, WINDOW - len(samples_16k))))
        features = ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None]))
        ids = [self._tokens.encode(f" {word}", add_special_tokens=False).ids for word in text.split()]
        flat = [each for word in ids for each in word]
        frames = len(samples_16k) * FRAMES_PER_S // HEARING_RATE_HZ
        [found] = self._model.align(self._model.encode(features), self._prompt, [flat], frames)
        first: dict[int, int] = {}
        for token, frame in found.alignments:
            first.setdefault(token, frame)
        starts, token = list[float](), 0
        for word in ids:
            starts.append(first.get(token, starts[-1] / TOKEN_S if starts else 0) * TOKEN_S)
            token += len(word)
        starts[1:] = [quietest(samples_16k, start) for start in starts[1:]]
        ends = [*starts[1:], len(samples_16k) / HEARING_RATE_HZ]
        return tuple(zip(text.split(), starts, ends, strict=True))


def quietest(samples_16k: Samples, at_s: float) -> float:
    """The middle of the quietest hundredth of a second near `at_s`."""
    span = round(SPAN_S * HEARING_RATE_HZ)
    first = max(0, round((at_s - SEARCH_S) * HEARING_RATE_HZ))
    near = samples_16k[first : round((at_s + SEARCH_S) * HEARING_RATE_HZ)]
    if len(near) < 2 * span:
        return at_s
    energy = np.convolve(near.astype(np.float64) ** 2, np.ones(span), mode="valid")
    return (first + int(energy.argmin()) + span // 2) / HEARING_RATE_HZ
