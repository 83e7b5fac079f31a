"""The real Smart Turn model on whole sentences, and on the same ones cut before their last words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio.chunk import Samples
from audio.turn_end.smart_turn import WINDOW, SmartTurn, features
from audio.voices.voice import Synthesizer
from stream.models.weights import WeightStore
from tests.audio.tone import silence

RATE = 16_000
SENTENCES = (
    "Could you tell me where the museum is?",
    "I would like a cup of tea, please.",
    "We are going to the lake on Sunday.",
    "What does the man in the red coat want?",
)


@pytest.fixture(scope="module")
def model(weights: WeightStore) -> SmartTurn:
    return SmartTurn(weights.path("smart-turn-v3.2"))


def test_a_whole_sentence_is_more_probably_over_than_its_beginning(
    model: SmartTurn, say: Callable[[str], Samples]
) -> None:
    pause = silence(0.1, RATE)
    wholes = [np.concatenate([say(sentence), pause]) for sentence in SENTENCES]
    cuts = [np.concatenate([say(sentence)[: -round(0.7 * RATE)], pause]) for sentence in SENTENCES]
    differences = [model.probability(whole) - model.probability(cut) for whole, cut in zip(wholes, cuts, strict=True)]
    assert sum(difference > 0 for difference in differences) >= len(SENTENCES) - 1
    assert np.mean(differences) > 0.2


def test_only_the_last_eight_seconds_count(model: SmartTurn, say: Callable[[str], Samples]) -> None:
    spoken = np.concatenate([silence(8.0, RATE), say(SENTENCES[0]), silence(0.1, RATE)])
    assert model.probability(spoken) == pytest.approx(model.probability(spoken[-WINDOW:]))


def test_shorter_sound_stands_at_the_end_of_the_window(say: Callable[[str], Samples]) -> None:
    short = features(say("Yes."))
    assert short.shape == (80, 800)
    assert short[:, :400].std() < 0.1 < short[:, -50:].std()


def test_silence_has_a_probability(model: SmartTurn) -> None:
    assert 0.0 <= model.probability(np.zeros(0, np.float32)) <= 1.0


def test_a_judgement_takes_a_fraction_of_a_pause(model: SmartTurn, voice: Synthesizer) -> None:
    del voice  # opened before the clock starts
    assert 0.0 <= model.probability(silence(3.0, RATE)) <= 1.0
