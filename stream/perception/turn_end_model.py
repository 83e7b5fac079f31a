"""Combines what is known in a pause into the probability that the user has finished: a calibrated logistic model.

`benchmarks/turn_taking/fit.py` fits it and writes `turn_end.json`, which says how and on what.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from audio.segmentation import SpeechPaused
from audio.turn_end.prosody import Prosody
from audio.voice_activity import SpeechProbability

FITTED = Path(__file__).with_name("turn_end.json")
LEAST = 1e-5  # probabilities are kept this far from 0 and 1, so that no signal outweighs all others
END_HOPS, KEPT_HOPS = 5, 16
LONGEST_S = 6.0  # more speech than this says no more about the end


@dataclass(frozen=True, slots=True)
class VoiceSignals:
    """What VAD says of a pause: the probability of speech in the last hops of it (`end`), their change per hop
    (`slope`), the probability in the pause itself (`rest`), and the seconds of speech since the pause before."""

    end: float
    slope: float
    rest: float
    spoken_s: float


@dataclass(frozen=True, slots=True)
class TurnEndSignals:
    """What is known of a pause. Probabilities are 0..1.

    `smart_turn`: of Smart Turn. `words_end`: the language model's that the message ends here; None where the words are
    not known.
    """

    smart_turn: float
    words_end: float | None
    voice: VoiceSignals
    prosody: Prosody

    def features(self) -> dict[str, float]:
        """By name, on scales on which a logistic model is linear; `words_end` is left out where it is not known."""
        found = {
            "smart_turn": logit(self.smart_turn),
            "voice_end": self.voice.end,
            "voice_slope": self.voice.slope,
            "voice_rest": self.voice.rest,
            "spoken": math.log(min(max(self.voice.spoken_s, 0.1), LONGEST_S)),
            "pitch_end": self.prosody.pitch_end,
            "pitch_slope": self.prosody.pitch_slope,
            "level_end": self.prosody.level_end,
        }
        return found if self.words_end is None else found | {"words_end": math.log(max(self.words_end, LEAST))}


def voice_signals(hops: Iterable[SpeechProbability], paused: SpeechPaused) -> VoiceSignals:
    """The signals of the last hops, in order, up to the report of the pause."""
    known = list(hops)
    spoken = [hop.probability for hop in known if hop.at <= paused.last_speech_at][-END_HOPS:] or [0.0]
    rest = [hop.probability for hop in known if hop.at > paused.last_speech_at] or [0.0]
    slope = (spoken[-1] - spoken[0]) / max(1, len(spoken) - 1)
    return VoiceSignals(sum(spoken) / len(spoken), slope, sum(rest) / len(rest), paused.spoken_s)


@dataclass(frozen=True)
class Logistic:
    """log odds = bias + sum of weight * feature, for the features that have a weight."""

    bias: float
    weights: Mapping[str, float]

    def log_odds(self, features: Mapping[str, float]) -> float:
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@dataclass(frozen=True)
class TurnEndModel:
    """`sound` is used until the words are known. The rest is for `stream.turns.patience.Patience`."""

    sound: Logistic
    sound_and_words: Logistic
    pause_s: float
    threshold: float
    typical_pause_s: float

    def probability(self, signals: TurnEndSignals) -> float:
        """The probability that the user has finished."""
        model = self.sound if signals.words_end is None else self.sound_and_words
        return 1 / (1 + math.exp(-model.log_odds(signals.features())))


@cache
def turn_end_model(path: Path = FITTED) -> TurnEndModel:
    """The fitted model."""
    fitted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    sound, both = (Logistic(fitted[name]["bias"], fitted[name]["weights"]) for name in ("sound", "sound_and_words"))
    return TurnEndModel(sound, both, fitted["pause_s"], fitted["threshold"], fitted["typical_pause_s"])


def logit(probability: float) -> float:
    kept = min(max(probability, LEAST), 1 - LEAST)
    return math.log(kept / (1 - kept))
