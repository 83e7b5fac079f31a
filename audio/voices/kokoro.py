"""TTS: Kokoro-82M on ONNX Runtime, 24 kHz, many languages and speakers; half of real time on one core.

The weights are one graph and 256 numbers per speaker and length of the phrase; see
https://huggingface.co/hexgrad/Kokoro-82M. A phrase is one call, so a short first phrase is heard early.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from audio.chunk import Samples
from audio.edges import pause_after, sounding_span, with_edges
from audio.speakable import speakable, without_markup
from audio.voice_timing import SpokenPhrase, times_by_length, written_words
from audio.voices.phonemes import phonemes
from audio.voices.phrase_cache import PhraseCache

RATE_HZ = 24_000
MAX_PHONEMES = 400  # in one call; the weights know lengths up to 509
STYLES = (510, 1, 256)  # a style for each number of phonemes


class KokoroModel:
    """The weights, shared by all speakers. One call at a time."""

    def __init__(self, model_dir: Path, voices_dir: Path, threads: int = 2) -> None:
        """`model_dir` holds kokoro-v1.0.int8.onnx and vocab.json, `voices_dir` NAME.bin for each speaker. Raises
        OSError, and onnxruntime's errors for a damaged graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the other threads have work to do
        self._session = onnxruntime.InferenceSession(
            str(model_dir / "kokoro-v1.0.int8.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._ids: dict[str, int] = json.loads((model_dir / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._voices_dir = voices_dir
        self._styles: dict[str, NDArray[np.float32]] = {}

    def voices(self) -> list[str]:
        """The names of the speakers: a letter for the language, one for the sex, and a name ("zf_xiaoxiao")."""
        return sorted(path.stem for path in self._voices_dir.glob("*.bin"))

    def style(self, voice: str) -> NDArray[np.float32]:
        """(510, 1, 256). Raises OSError for a speaker that is not there."""
        if voice not in self._styles:
            self._styles[voice] = np.fromfile(self._voices_dir / f"{voice}.bin", np.float32).reshape(STYLES)
        return self._styles[voice]

    def sound(self, spoken: str, voice: str) -> Samples:
        """(n,) at RATE_HZ of at most MAX_PHONEMES phonemes; empty if the model knows none of them."""
        ids = [self._ids[phoneme] for phoneme in spoken if phoneme in self._ids][:MAX_PHONEMES]
        if not ids:
            return np.zeros(0, np.float32)
        feed = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": self.style(voice)[len(ids)],
            "speed": np.ones(1, np.float32),
        }
        samples: Samples = self._session.run(None, feed)[0]
        return samples


class KokoroVoice:
    """One speaker of one language, and a cache of recent phrases. Shared by all sessions, one call at a time."""

    rate = RATE_HZ

    def __init__(self, model: KokoroModel, voice: str, language: str) -> None:
        self._model, self._voice, self._language = model, voice, language
        self._cache = PhraseCache(self._make)

    def warm_up(self) -> None:
        """Loads the pronunciation tables and the speaker, so that the first phrase is not slower than the others."""
        self._make("OK.")
        phonemes({"zh": "好的。"}.get(self._language, "OK."), self._language)

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as read-only sound with the times of its words; no samples if nothing in it can be spoken."""
        return self._cache.spoken(phrase)

    def _make(self, phrase: str) -> SpokenPhrase:
        pieces: list[Samples] = [np.zeros(0, np.float32)]
        text = speakable(phrase) if self._language == "en" else without_markup(phrase)
        sayable = any(letter.isalnum() for letter in text)
        for part in in_calls(phonemes(text, self._language)) if sayable else ():
            whole = self._model.sound(part, self._voice)
            span = sounding_span(whole, RATE_HZ)
            if span != (0, 0):
                pieces.append(with_edges(whole, RATE_HZ, span, pause_after(part))[0])
        samples = np.concatenate(pieces)
        words = times_by_length(written_words(phrase), 0.0, len(samples) / RATE_HZ)
        return SpokenPhrase(phrase, samples, words, exact=False)


def in_calls(spoken: str) -> list[str]:
    """Phonemes in parts that the model can speak in one call, cut after punctuation where there is some."""
    parts = []
    while len(spoken) > MAX_PHONEMES:
        head = spoken[:MAX_PHONEMES]
        cut = max((found.end() for found in re.finditer(r"[,.!?;:]\s", head)), default=0) or head.rfind(" ") + 1
        parts.append(spoken[: cut or MAX_PHONEMES])
        spoken = spoken[cut or MAX_PHONEMES :]
    return [*parts, spoken] if spoken.strip() else parts
