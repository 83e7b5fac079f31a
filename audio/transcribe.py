"""Speech to words: Whisper tiny.en by CTranslate2, fast enough to run while somebody speaks.

Whisper was trained on thirty seconds and costs as much for one. Here the encoder sees the real length and half a
second, and states of silence, computed once, are appended to its output: a sixth of the time for two seconds of
speech and as many words right. Knows nothing of turns, threads or where the weights come from.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.hallucination import is_looping, is_made_up, without_loops
from audio.loudness import is_silent
from audio.mel import log_mel

WINDOW_S = 30  # what Whisper was trained on
WINDOW = WINDOW_S * HEARING_RATE_HZ
TAIL = HEARING_RATE_HZ // 2  # silence encoded behind the speech: with less the decoder loops
# One-word answers want more: of 80 utterances of about half a second, 61 were right with the tail alone, 71 with
# two seconds in all, at the same cost.
LEAST_ENCODED = 2 * HEARING_RATE_HZ
SHORTEST = HEARING_RATE_HZ // 10
SILENT_DBFS = -65.0
MOST_TOKENS_PER_S = 8
# Decoded greedily; where that was unsure of its tokens, once more with a beam over the same states. For a clear voice
# it never happens; for espeak-ng's it costs a sixth more time on average and takes the word errors from 10 to 6 %.
SURE_LOG_PROBABILITY = -0.5
BEAM = 5

# Where a long recording may be cut: at the quietest tenth of a second of the window's last third.
EARLIEST_CUT = 20 * HEARING_RATE_HZ
QUIET_SPAN = HEARING_RATE_HZ // 10

States = NDArray[np.float32]  # (1, 1500, 384) encoder output, 20 ms each


@dataclass(frozen=True, slots=True)
class Transcript:
    """`no_speech`: probability that nobody spoke. `confidence`: geometric mean probability of the tokens, 0..1."""

    text: str
    no_speech: float
    confidence: float


NOTHING_SAID = Transcript("", 1.0, 0.0)


class Transcriber:
    """Whisper's weights, shared by all sessions. Holds no state of a session; one call at a time is fastest."""

    def __init__(self, model_dir: Path | str, threads: int = 1) -> None:
        """`model_dir` holds model.bin, config.json, tokenizer.json, vocabulary.txt of an English-only Whisper.

        Raises ValueError where it does not.
        """
        try:
            self._model = ctranslate2.models.Whisper(
                str(model_dir), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=1
            )
        except RuntimeError as error:
            raise ValueError(f"{model_dir} holds no Whisper for CTranslate2: {error}") from error
        if self._model.is_multilingual:
            raise ValueError(f"{model_dir} holds a multilingual Whisper; this transcriber wants tiny.en or base.en")
        self._tokens = Tokenizer.from_file(str(Path(model_dir) / "tokenizer.json"))
        self._prompt = [self._tokens.token_to_id(name) for name in ("<|startoftranscript|>", "<|notimestamps|>")]
        self._silence = self._encode(np.zeros(WINDOW, np.float32))

    def warm_up(self) -> None:
        """One pass over a second of noise, so that the first real one is not slower."""
        noise = np.random.default_rng(0).standard_normal(HEARING_RATE_HZ, np.float32) * np.float32(0.1)
        self.transcribe(noise)

    def transcribe(self, samples_16k: Samples, *, careful: bool = False) -> Transcript:
        """The words in (n,) samples at 16 kHz. Silence, and less than a tenth of a second, is the empty text.

        `careful` is the second look where nothing waits for it: all thirty seconds encoded, a beam of 5,
        six times the time. Longer recordings are cut at quiet places and joined.
        """
        pieces = [self._piece(piece, careful) for piece in cut_at_quiet(samples_16k)]
        said = [piece for piece in pieces if piece.text]
        if not said:
            return min(pieces, key=lambda piece: piece.no_speech, default=NOTHING_SAID)
        return Transcript(
            " ".join(piece.text for piece in said),
            min(piece.no_speech for piece in said),
            min(piece.confidence for piece in said),
        )

    def _piece(self, samples: Samples, careful: bool) -> Transcript:
        if len(samples) < SHORTEST or is_silent(samples, SILENT_DBFS):
            return NOTHING_SAID
        seconds = len(samples) / HEARING_RATE_HZ
        text, no_speech, mean_log = self._look(samples, careful)
        if not careful and is_looping(text, seconds):
            text, no_speech, mean_log = self._look(samples, careful=True)
        if is_made_up(text, no_speech, mean_log):
            return Transcript("", no_speech, 0.0)
        if is_looping(text, seconds):
            text = without_loops(text)
        return Transcript(text, no_speech, math.exp(min(0.0, mean_log)))

    def _look(self, samples: Samples, careful: bool) -> tuple[str, float, float]:
        """(text, no-speech probability, mean log probability of the tokens)."""
        states = self._encode(_padded(samples, WINDOW)) if careful else self._short_states(samples)
        view = _view(states)
        most_tokens = min(224, len(samples) * MOST_TOKENS_PER_S // HEARING_RATE_HZ + 16)
        if not careful:
            look = self._decode(view, most_tokens, beam=1)
            if look[2] >= SURE_LOG_PROBABILITY:
                return look
        return self._decode(view, most_tokens, beam=BEAM)

    def _decode(self, states: Any, most_tokens: int, beam: int) -> tuple[str, float, float]:
        [result] = self._model.generate(
            states,
            [self._prompt],
            beam_size=beam,
            max_length=most_tokens,
            return_scores=True,
            return_no_speech_prob=True,
        )
        text = self._tokens.decode(result.sequences_ids[0]).strip()
        return text, float(result.no_speech_prob), float(result.scores[0])

    def _short_states(self, samples: Samples) -> States:
        states = self._encode(_padded(samples, min(WINDOW, max(LEAST_ENCODED, len(samples) + TAIL))))
        return np.concatenate([states, self._silence[:, states.shape[1] :]], axis=1)

    def _encode(self, samples: Samples) -> States:
        mel = log_mel(samples)
        mel = mel[:, : mel.shape[1] // 2 * 2]  # the encoder halves the frames
        return np.array(self._model.encode(_view(mel[None])))


def cut_at_quiet(samples: Samples) -> list[Samples]:
    """Pieces of at most thirty seconds, cut where it is quietest; joined they are `samples`."""
    pieces = []
    while len(samples) > WINDOW:
        spans = samples[EARLIEST_CUT:WINDOW].reshape(-1, QUIET_SPAN)
        quietest = int(np.argmin(np.einsum("ij,ij->i", spans, spans)))
        cut = EARLIEST_CUT + quietest * QUIET_SPAN + QUIET_SPAN // 2
        pieces.append(samples[:cut])
        samples = samples[cut:]
    return [*pieces, samples]


def stable_prefix(previous: str, current: str) -> str:
    """The beginning of `current` that two partial transcripts in a row agree on: it will hardly change any more.

    Agreement of two as in Whisper-Streaming (https://arxiv.org/abs/2307.14743); case and punctuation do not count.
    """
    before = [_bare(word) for word in previous.split()]
    end = 0
    for word, match in zip(before, re.finditer(r"\S+", current), strict=False):
        if word != _bare(match.group()):
            break
        end = match.end()
    return current[:end]


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word).casefold()


def _padded(samples: Samples, length: int) -> Samples:
    return np.pad(samples, (0, length - len(samples)))


def _view(array: NDArray[np.float32]) -> Any:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))
