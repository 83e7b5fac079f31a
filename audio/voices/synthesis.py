"""Adapter to the hibari TTS package: returns the sound of words and the time of each word.

hibari predicts the duration of each phoneme but does not return it; this module appends one output, which names
that tensor, to the bytes of the ONNX graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hibari
import numpy as np
from hibari import dsp
from hibari.g2p.normalize import normalize
from hibari.voices import voice_path

from audio.chunk import Samples
from audio.edges import pause_after, sounding_span, with_edges
from audio.voice_timing import SoundingWord, times_by_length

RATE_HZ: int = hibari.SAMPLE_RATE
SOUND_OUTPUTS = ("lh", "theta", "ln", "lr", "phi", "f0")
PHONEME_ENDS = "/CumSum_output_0"  # running sum of the predicted durations, in FRAME_S
FRAME_S = 0.025
MAX_PHONEMES = 300  # in one call: the model was trained on sentences
LONGEST_WORD = 40  # letters; a longer word is split
SEED = 0  # for the breath noise: the same words always give the same sound
PUNCTUATION = ' ,;:.!?…—"“”()'


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """A word as it is read and its phonemes, with the punctuation and space after it."""

    word: str
    phonemes: str


class Synthesis:
    """The loaded model. `exact`: word times come from phoneme durations, else they are in proportion to letters."""

    def __init__(self, threads: int) -> None:
        graph = Path(voice_path(hibari.voices.DEFAULT)).read_bytes()
        try:
            self._hibari = hibari.Hibari(model=graph + _one_more_output(PHONEME_ENDS), threads=threads)
            self.exact = True
        except Exception:  # onnxruntime's own errors: another release of the graph may use other tensor names
            self._hibari = hibari.Hibari(threads=threads)
            self.exact = False

    def read(self, text: str) -> list[list[Pronunciation]]:
        """Sentences as words with phonemes, none longer than the model can synthesise in one call."""
        parts = []
        for sentence in self._hibari.split_sentences(_in_short_words(text)):
            readings = self._pronounce(sentence)
            while readings:
                count = _fitting(readings)
                parts.append(readings[:count])
                readings = readings[count:]
        return parts

    def sound(self, readings: list[Pronunciation]) -> tuple[Samples, list[SoundingWord]]:
        """(n,) at RATE_HZ with natural edges, and the times of its words; empty if nothing can be spoken."""
        ids, places = self._ids(readings)
        if len(ids) <= 2:
            return np.zeros(0, np.float32), []
        feed = {"ids": np.array([ids], np.int64), "speed": np.ones(1, np.float32)}
        outputs = self._hibari.sess.run([*SOUND_OUTPUTS, *([PHONEME_ENDS] if self.exact else [])], feed)
        spectrum = [output[0] for output in outputs[: len(SOUND_OUTPUTS)]]
        whole = dsp.synth(*spectrum, np.random.default_rng(SEED)).astype(np.float32, copy=False)
        span = sounding_span(whole, RATE_HZ)
        if span == (0, 0):
            return np.zeros(0, np.float32), []
        samples, cut = with_edges(whole, RATE_HZ, span, pause_after(readings[-1].phonemes))
        words = [reading.word for reading in readings]
        if not self.exact:
            times = times_by_length(words, (span[0] - cut) / RATE_HZ, (span[1] - cut) / RATE_HZ)
            return samples, [SoundingWord(time.word, time.start_s, time.end_s) for time in times]
        ends_s = np.clip(outputs[-1].reshape(-1) * FRAME_S - cut / RATE_HZ, 0.0, (span[1] - cut) / RATE_HZ)
        return samples, [
            SoundingWord(word, float(ends_s[first - 1]), float(ends_s[last - 1]))
            for word, (first, last) in zip(words, places, strict=True)
        ]

    def _ids(self, readings: list[Pronunciation]) -> tuple[list[int], list[tuple[int, int]]]:
        """Phoneme ids with the model's padding, and the (start, end) of each word's own phonemes."""
        vocabulary: dict[str, int] = self._hibari.vocab
        ids, places = [0], []
        for reading in readings:
            own = reading.phonemes.rstrip(PUNCTUATION)
            first = len(ids)
            ids += [vocabulary[phoneme] for phoneme in own if phoneme in vocabulary]
            places.append((first, len(ids)))
            ids += [vocabulary[phoneme] for phoneme in reading.phonemes[len(own) :] if phoneme in vocabulary]
        return [*ids, 0], places

    def _pronounce(self, sentence: str) -> list[Pronunciation]:
        try:
            return _readings(self._hibari.g2p, normalize(sentence))
        except Exception:  # the package's rules may fail on any text; the plain letters can still be spoken
            return _readings(self._hibari.g2p, _plain_text(sentence))


def _readings(g2p: Any, text: str) -> list[Pronunciation]:
    found: list[Pronunciation] = []
    word = phonemes = ""
    for token in g2p.phonemize_tokens(g2p.tokenize(text)):
        word += token.text
        phonemes += token.phonemes or ""
        if token.whitespace:
            found.append(Pronunciation(word, phonemes + " "))
            word = phonemes = ""
    if word:
        found.append(Pronunciation(word, phonemes))
    return found


def _fitting(readings: list[Pronunciation]) -> int:
    """The number of words for one call: all if they fit, else up to the last clause that fits."""
    total, clause = 0, 0
    for count, reading in enumerate(readings):
        total += len(reading.phonemes)
        if total > MAX_PHONEMES and count:
            return clause or count
        if reading.phonemes.rstrip()[-1:] in (",", ";", ":", "—"):
            clause = count + 1
    return len(readings)


def _in_short_words(text: str) -> str:
    """Splits words longer than LONGEST_WORD."""
    if all(len(word) <= LONGEST_WORD for word in text.split()):
        return text
    parts = (word[at : at + LONGEST_WORD] for word in text.split() for at in range(0, len(word), LONGEST_WORD))
    return " ".join(parts)


def _plain_text(text: str) -> str:
    """ASCII letters and basic punctuation; spaces for all other characters."""
    return "".join(letter if letter.isascii() and (letter.isalpha() or letter in " .,?!") else " " for letter in text)


def _one_more_output(tensor: str) -> bytes:
    """Bytes that make `tensor` an output when appended to a serialised ONNX model.

    Protocol buffers merge fields that occur twice: ModelProto.graph (7) gains a GraphProto.output (12), a
    ValueInfoProto with only a name (1). See https://protobuf.dev/programming-guides/encoding/#last-one-wins
    """
    return _field(7, _field(12, _field(1, tensor.encode())))


def _field(number: int, content: bytes) -> bytes:
    assert number < 16, "the tag would take two bytes"
    assert len(content) < 128, "the length would take two bytes"
    return bytes([number << 3 | 2, len(content)]) + content
