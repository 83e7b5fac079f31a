"""Combines what is known in a pause into the probability that the user has finished: a calibrated logistic model.

`benchmarks/turn_taking/fit.py` fits it and writes `turn_end.json`, which says how and on what.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from audio.turn_end.prosody import Prosody
from audio.voice_activity import SpeechProbability
from dialogue.requests.whole_question import is_whole_question

FITTED = Path(__file__).with_name("turn_end.json")
LEAST = 1e-5  # probabilities are kept this far from 0 and 1, so that no signal outweighs all others
END_HOPS, KEPT_HOPS = 5, 16
LEAST_SOUND, MOST_SOUND = -1.5, 3.0  # log odds of Smart Turn that count: it is sure of voices that it does not know
LEAST_WORDS, MOST_WORDS = 1e-4, 0.98  # the range of the language model's probability that counts
FEW_WORDS, MANY_WORDS = 2, 8  # short answers are whole; from MANY_WORDS on, more words say nothing
# Words of a language on which the model is not fitted: at least, and at most, as likely to be the end as this. A whole
# question is answered after 0.27 s then; words that break off are waited for as long as any.
WHOLE, BREAKS_OFF = 0.75, 0.2


@dataclass(frozen=True, slots=True)
class TurnEndSignals:
    """What is known of a pause. Probabilities are 0..1.

    `smart_turn`: of Smart Turn, at the end of speech. `words_end`: the language model's that the message `text` ends
    here; None where the words are not known, or not English. `voice_slope`: the change of VAD's probability per hop at
    the end of speech. `whole`: whether words in another language are all, where they tell.
    """

    smart_turn: float
    words_end: float | None = None
    text: str = ""
    voice_slope: float = 0.0
    prosody: Prosody = field(default_factory=Prosody)
    whole: bool | None = None

    def features(self) -> dict[str, float]:
        """By name, on scales on which a logistic model is linear; `words_end` is left out where it is not known."""
        found = {
            "smart_turn": min(max(logit(self.smart_turn), LEAST_SOUND), MOST_SOUND),
            "voice_slope": self.voice_slope,
            "pitch_end": self.prosody.pitch_end,
            "pitch_slope": self.prosody.pitch_slope,
            "level_end": self.prosody.level_end,
        }
        if self.words_end is None:
            return found
        words = len(self.text.split())
        return found | {
            "words_end": logit(min(max(self.words_end, LEAST_WORDS), MOST_WORDS)),
            "words": min(words, MANY_WORDS),
            "few_words": float(words <= FEW_WORDS),
            "asks": float(self.text.rstrip().endswith("?")),
            "whole": float(is_whole_question(self.text)),
        }


def voice_slope(hops: Iterable[SpeechProbability], stopped_at: float) -> float:
    """How much the probability of speech changes per hop at the end of speech."""
    spoken = [hop.probability for hop in hops if hop.at <= stopped_at][-END_HOPS:]
    return (spoken[-1] - spoken[0]) / (len(spoken) - 1) if len(spoken) > 1 else 0.0


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
        fitted = 1 / (1 + math.exp(-model.log_odds(signals.features())))
        match signals.whole:
            case True:
                return max(fitted, WHOLE)
            case False:
                return min(fitted, BREAKS_OFF)
        return fitted


@cache
def turn_end_model(path: Path = FITTED) -> TurnEndModel:
    """The fitted model."""
    fitted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    sound, both = (Logistic(fitted[name]["bias"], fitted[name]["weights"]) for name in ("sound", "sound_and_words"))
    return TurnEndModel(sound, both, fitted["pause_s"], fitted["threshold"], fitted["typical_pause_s"])


def logit(probability: float) -> float:
    kept = min(max(probability, LEAST), 1 - LEAST)
    return math.log(kept / (1 - kept))
