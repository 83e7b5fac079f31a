"""ASR: Whisper on CTranslate2, fast enough to run while the user speaks.

Whisper was trained on windows of thirty seconds, and one second costs as much. Here the encoder sees the speech and
half a second of silence; some encoder states of silence, computed once, are appended to its output, and the last ones
of the window. The decoder projects all the states that it gets, which takes longer than the tokens of a sentence. Two
seconds of speech take a tenth of the time, with as many words right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import ctranslate2
import numpy as np
import opencc
from numpy.typing import NDArray
from tokenizers import Tokenizer

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.hallucination import is_hallucination, is_looping, without_loops
from audio.loudness import is_silent, sounding_s
from audio.mel import log_mel

WINDOW_S = 30  # the window that Whisper was trained on
WINDOW = WINDOW_S * HEARING_RATE_HZ
TAIL = HEARING_RATE_HZ // 2  # silence encoded after the speech: with less the decoder loops
# One-word answers need more: from 80 utterances of about half a second, 61 were right with the tail alone, 71 with
# two seconds in total, at the same cost.
MIN_ENCODED = 2 * HEARING_RATE_HZ
# States that the decoder gets: all of them at least, those of silence after the speech, and those of the window's end.
# Without the last ones it is less sure of single words and loops on clicks; of the silence before them it needs little.
MIN_STATES, SILENT_STATES, LAST_STATES = 500, 50, 100
WINDOW_STATES = 1500
MIN_SAMPLES = HEARING_RATE_HZ // 10
SILENT_DBFS = -65.0
# Less sound is a blip of a device or a scrap of a voice; "No." takes twice as long. A longer recording may have words
# that are quiet beside a click.
SHORTEST_WORD_S, SHORT_RECORDING = 0.1, 3 * HEARING_RATE_HZ // 2
MAX_TOKENS_PER_S = 8
# Decoding is greedy; if its mean log probability is lower than this, the same states are decoded again with a beam.
# That never happens for a clear voice; for espeak-ng it costs a sixth more time on average and lowers the word error
# rate from 10 to 6 %.
SURE_LOG_PROBABILITY = -0.5
BEAM = 5
# Words that are expected need no more than that; others are compared with what the beam finds from here on, and
# expected ones count as if their tokens were more probable. A hum or a syllable has no EXPECTED_WORDS.
DOUBTED_LOG_PROBABILITY, EXPECTED_MORE, EXPECTED_WORDS = -0.3, 0.3, 3

# A long recording is cut at the quietest tenth of a second of the window's last third.
EARLIEST_CUT = 20 * HEARING_RATE_HZ
QUIET_SPAN = HEARING_RATE_HZ // 10

# The mark of a lasting state (写著), which the conversion leaves as it is: 著 is also a character of its own (著名).
_ASPECT = re.compile("(?<![名显专原土编论卓昭译巨合])著(?![名作称书述者录])")
UNSPACED = ("zh", "ja")  # languages that write no spaces between words

UsesBeam = Literal["only", "in doubt", "never"]
States = NDArray[np.float32]  # (1, 500..1500, width) encoder output, 20 ms each


@dataclass(frozen=True, slots=True)
class Transcript:
    """`no_speech`: probability that there was no speech. `confidence`: geometric mean token probability, 0..1.
    `language`: of the words, as in ISO 639-1."""

    text: str
    no_speech: float
    confidence: float
    language: str = "en"


EMPTY_TRANSCRIPT = Transcript("", 1.0, 0.0)


class Transcriber:
    """Whisper's weights, shared by all sessions. Holds no session state; one call at a time is fastest."""

    def __init__(
        self, model_dir: Path | str, threads: int = 1, is_expected: Callable[[str], bool] | None = None
    ) -> None:
        """`model_dir` holds model.bin, config.json, tokenizer.json, vocabulary.txt of a Whisper. Among doubtful words,
        those are taken that `is_expected`, such as a question that can be answered.

        Raises ValueError if `model_dir` does not hold them.
        """
        self._is_expected = is_expected
        try:
            self._model = ctranslate2.models.Whisper(
                str(model_dir), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=1
            )
        except RuntimeError as error:
            raise ValueError(f"{model_dir} contains no Whisper model for CTranslate2: {error}") from error
        self.multilingual: bool = self._model.is_multilingual
        self._tokens = Tokenizer.from_file(str(Path(model_dir) / "tokenizer.json"))
        self._silence = self._encode(np.zeros(WINDOW, np.float32))

    def warm_up(self) -> None:
        """Transcribes a second of noise, so that the first real call is not slower."""
        noise = np.random.default_rng(0).standard_normal(HEARING_RATE_HZ, np.float32) * np.float32(0.1)
        self.transcribe(noise)

    def transcribe(self, samples_16k: Samples, *, careful: bool = False, language: str = "en") -> Transcript:
        """The words in (n,) samples at 16 kHz. Silence, and less than a tenth of a second, give the empty text.

        `careful` encodes all thirty seconds and decodes with a beam of 5, which takes six times as long. Longer
        recordings are cut at quiet places; the texts are joined. A model for English alone hears English words.
        """
        work = self.transcribing(samples_16k, careful=careful, language=language)
        while True:
            try:
                next(work)
            except StopIteration as over:
                transcript: Transcript = over.value
                return transcript

    def transcribing(
        self, samples_16k: Samples, *, careful: bool = False, quickly: bool = False, language: str = "en"
    ) -> Generator[None, None, Transcript]:
        """As `transcribe`, in steps: encoding and each decoding. What is not wanted any more is not continued.

        `quickly` takes the first words that come, also doubtful ones.
        """
        beam: UsesBeam = "only" if careful else "never" if quickly else "in doubt"
        pieces = []
        for samples in cut_at_quiet(samples_16k):
            pieces.append((yield from self._piece(samples, beam, language)))
        spoken = [piece for piece in pieces if piece.text]
        if not spoken:
            return min(pieces, key=lambda piece: piece.no_speech, default=EMPTY_TRANSCRIPT)
        return Transcript(
            ("" if language in UNSPACED else " ").join(piece.text for piece in spoken),
            min(piece.no_speech for piece in spoken),
            min(piece.confidence for piece in spoken),
            language,
        )

    def language_odds(self, samples_16k: Samples) -> dict[str, float]:
        """The probability of each language that the model knows, from at most thirty seconds of (n,) samples at 16 kHz.

        Only a multilingual model can tell; it reads the probabilities of its language tokens. With fewer states than
        those of thirty seconds it took unclear English for Portuguese.
        """
        [found] = self._model.detect_language(_view(self._short_states(samples_16k[:WINDOW], WINDOW_STATES)))
        return {token.strip("<|>"): float(probability) for token, probability in found}

    def _prompt(self, language: str) -> list[int]:
        task = (f"<|{language}|>", "<|transcribe|>") if self.multilingual else ()
        names = ("<|startoftranscript|>", *task, "<|notimestamps|>")
        ids = [token for name in names if (token := self._tokens.token_to_id(name)) is not None]
        assert len(ids) == len(names), f"the model does not know {names}"
        return ids

    def _piece(self, samples: Samples, beam: UsesBeam, language: str) -> Generator[None, None, Transcript]:
        if len(samples) < MIN_SAMPLES or is_silent(samples, SILENT_DBFS):
            return EMPTY_TRANSCRIPT
        if len(samples) < SHORT_RECORDING and sounding_s(samples, HEARING_RATE_HZ) < SHORTEST_WORD_S:
            return EMPTY_TRANSCRIPT
        seconds = len(samples) / HEARING_RATE_HZ
        text, no_speech, mean_log = yield from self._encode_and_decode(samples, beam, language)
        if beam != "only" and is_looping(text, seconds):
            text, no_speech, mean_log = yield from self._encode_and_decode(samples, "only", language)
        if is_hallucination(text, no_speech, mean_log):
            return Transcript("", no_speech, 0.0, language)
        if is_looping(text, seconds):
            text = without_loops(text)
        if language == "zh":
            text = simplified(text)
        return Transcript(text, no_speech, math.exp(min(0.0, mean_log)), language)

    def _encode_and_decode(
        self, samples: Samples, beam: UsesBeam, language: str
    ) -> Generator[None, None, tuple[str, float, float]]:
        """(text, no-speech probability, mean log probability of the tokens)."""
        states = self._encode(_padded(samples, WINDOW)) if beam == "only" else self._short_states(samples)
        yield
        view = _view(states)
        max_tokens = min(224, len(samples) * MAX_TOKENS_PER_S // HEARING_RATE_HZ + 16)
        readings = []
        if beam != "only":
            readings = self._decode(view, max_tokens, 1, language)
            text, _, mean_log = readings[0]
            enough = self._is_expected is None or self._counts(text) or mean_log >= DOUBTED_LOG_PROBABILITY
            if beam == "never" or (enough and mean_log >= SURE_LOG_PROBABILITY):
                return readings[0]
            yield
        readings += self._decode(view, max_tokens, BEAM, language)
        return max(readings, key=lambda reading: reading[2] + EXPECTED_MORE * self._counts(reading[0]))

    def _counts(self, text: str) -> bool:
        return self._is_expected is not None and len(text.split()) >= EXPECTED_WORDS and self._is_expected(text)

    def _decode(self, states: Any, max_tokens: int, beam: int, language: str) -> list[tuple[str, float, float]]:
        """As many readings as the beam is wide, the most probable one first."""
        [result] = self._model.generate(
            states,
            [self._prompt(language)],
            beam_size=beam,
            num_hypotheses=beam,
            max_length=max_tokens,
            return_scores=True,
            return_no_speech_prob=True,
        )
        texts = [self._tokens.decode(ids).strip() for ids in result.sequences_ids]
        no_speech = float(result.no_speech_prob)
        return [(text, no_speech, float(score)) for text, score in zip(texts, result.scores, strict=True)]

    def _short_states(self, samples: Samples, least: int = MIN_STATES) -> States:
        states = self._encode(_padded(samples, min(WINDOW, max(MIN_ENCODED, len(samples) + TAIL))))
        heard, last = states.shape[1], WINDOW_STATES - LAST_STATES
        silence = self._silence[:, heard : min(last, max(least - LAST_STATES, heard + SILENT_STATES))]
        return np.concatenate([states, silence, self._silence[:, max(heard, last) :]], axis=1)

    def _encode(self, samples: Samples) -> States:
        mel = log_mel(samples)
        mel = mel[:, : mel.shape[1] // 2 * 2]  # the encoder halves the frames
        return np.array(self._model.encode(_view(mel[None])))


def cut_at_quiet(samples: Samples) -> list[Samples]:
    """Splits `samples` at the quietest places into pieces of at most thirty seconds."""
    pieces = []
    while len(samples) > WINDOW:
        spans = samples[EARLIEST_CUT:WINDOW].reshape(-1, QUIET_SPAN)
        quietest = int(np.argmin(np.einsum("ij,ij->i", spans, spans)))
        cut = EARLIEST_CUT + quietest * QUIET_SPAN + QUIET_SPAN // 2
        pieces.append(samples[:cut])
        samples = samples[cut:]
    return [*pieces, samples]


def simplified(chinese: str) -> str:
    """Chinese in simplified characters: Whisper writes either kind, whatever the speaker's accent."""
    return _ASPECT.sub("着", str(_to_simplified().convert(chinese)))


@cache
def _to_simplified() -> Any:
    return opencc.OpenCC("t2s")


def _padded(samples: Samples, length: int) -> Samples:
    return np.pad(samples, (0, length - len(samples)))


def _view(array: NDArray[np.float32]) -> Any:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))
