"""The fitted model of turn ends: its file holds what the product computes, and its signs are plausible."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from audio.voice_activity import SpeechProbability
from stream.perception.turn_end_model import FITTED, TurnEndSignals, turn_end_model, voice_slope

UNCLEAR = TurnEndSignals(0.5, 0.01, voice_slope=-0.1)


def test_the_features_are_those_that_were_fitted() -> None:
    fitted = json.loads(FITTED.read_text())
    assert set(fitted["sound_and_words"]["weights"]) <= set(UNCLEAR.features())
    assert set(fitted["sound"]["weights"]) <= set(replace(UNCLEAR, words_end=None).features())


def test_what_sounds_or_reads_finished_is_more_probably_over() -> None:
    model = turn_end_model()
    by_sound = [model.probability(replace(UNCLEAR, smart_turn=each)) for each in (0.02, 0.5, 0.98)]
    by_words = [model.probability(replace(UNCLEAR, words_end=each)) for each in (0.0001, 0.01, 0.3)]
    said = ("on the left", "so on the red one", "What time is it?", "Really?")
    by_length = [model.probability(replace(UNCLEAR, text=each)) for each in said]
    without_words = [model.probability(replace(UNCLEAR, smart_turn=each, words_end=None)) for each in (0.02, 0.5, 0.98)]
    for rising in (by_sound, by_words, by_length, without_words):
        assert rising == sorted(rising)
        assert 0 < rising[0] < rising[-1] < 1


def test_certainty_is_bounded() -> None:
    model = turn_end_model()
    for smart_turn, words_end in ((0.0, 0.0), (1.0, 1.0)):
        assert 0 < model.probability(replace(UNCLEAR, smart_turn=smart_turn, words_end=words_end)) < 1


def test_the_slope_of_the_voice_is_that_of_the_end_of_speech() -> None:
    probabilities = [0.1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.2, 0.1, 0.0]
    hops = [SpeechProbability(0.032 * (place + 1), each) for place, each in enumerate(probabilities)]
    assert voice_slope(hops, stopped_at=hops[5].at) == pytest.approx(-0.1)
    assert voice_slope(hops[:1], stopped_at=hops[0].at) == voice_slope([], stopped_at=1.0) == 0.0


def test_a_model_is_read_from_its_file(tmp_path: Path) -> None:
    one = {"bias": 0.0, "weights": {"smart_turn": 1.0}}
    file = tmp_path / "other.json"
    numbers = {"pause_s": 0.2, "threshold": 1.0, "typical_pause_s": 0.5}
    file.write_text(json.dumps({"fitted": "by hand", **numbers, "sound": one, "sound_and_words": one}))
    assert turn_end_model(file).probability(replace(UNCLEAR, smart_turn=0.9)) == pytest.approx(0.9)
