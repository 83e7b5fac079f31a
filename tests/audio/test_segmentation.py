"""Segmentation of hand-made VAD probabilities: when speech starts and when it pauses."""

from __future__ import annotations

from typing import Any

import pytest

from audio.segmentation import Segmenter, SegmenterSettings, SegmentEvent, SpeechPaused, SpeechStarted

HOP_S = 0.032


def hear(hops: str, settings: SegmenterSettings | None = None) -> list[SegmentEvent]:
    """One letter per hop: S speech (0.9), m murmur between the thresholds (0.4), . silence (0.05)."""
    segmenter = Segmenter(settings)
    segmenter.hear(0.0, 0.0)
    probability = {"S": 0.9, "m": 0.4, ".": 0.05}
    heard = [segmenter.hear(probability[hop], (place + 1) * HOP_S) for place, hop in enumerate(hops)]
    return [event for event in heard if event is not None]


def near(value: float) -> Any:
    """Equal to every float close to `value`, as a field of an expected event."""
    return pytest.approx(value)


def kinds(events: list[SegmentEvent]) -> list[type]:
    return [type(event) for event in events]


def test_one_stretch_from_start_to_pause() -> None:
    start, pause = hear("..." + "S" * 20 + "." * 20)
    assert start == SpeechStarted(at=near(5 * HOP_S), since=near(3 * HOP_S))
    # 4 hops: 0.128 s
    assert pause == SpeechPaused(at=near(27 * HOP_S), last_speech_at=near(23 * HOP_S), spoken_s=near(20 * HOP_S))


def test_speech_after_a_pause_is_a_new_stretch() -> None:
    events = hear("S" * 10 + "." * 8 + "S" * 6 + "." * 20)
    assert kinds(events) == [SpeechStarted, SpeechPaused] * 2
    assert events[2] == SpeechStarted(at=near(20 * HOP_S), since=near(18 * HOP_S))
    assert isinstance(events[3], SpeechPaused) and events[3].spoken_s == near(6 * HOP_S)


def test_gaps_between_words_are_not_pauses() -> None:
    [_, pause] = hear("SSSSS..SSSSS...SSSSS" + "." * 20)
    assert isinstance(pause, SpeechPaused) and pause.spoken_s == near(15 * HOP_S)


def test_a_click_in_the_pause_is_not_speech() -> None:
    assert hear("S" * 10 + "." * 6 + "S" + "." * 13) == hear("S" * 10 + "." * 20)


def test_a_murmur_continues_speech_but_does_not_begin_it() -> None:
    assert hear("m" * 30) == []
    assert kinds(hear("SSSSSS" + "m" * 30)) == [SpeechStarted]


def test_one_hop_of_noise_starts_nothing() -> None:
    assert hear("..S...S..S" + "." * 20) == []


def test_a_short_noise_says_how_short_it_was() -> None:
    [_, pause] = hear("SSS" + "." * 20)
    assert isinstance(pause, SpeechPaused) and pause.spoken_s == near(3 * HOP_S)


def test_the_silence_of_a_stretch_is_counted_until_the_pause_is_reported() -> None:
    segmenter, silent = Segmenter(), []
    for place, hop in enumerate("..SSSSSS" + "." * 6):
        segmenter.hear(0.9 if hop == "S" else 0.0, place * HOP_S)
        silent.append(segmenter.silent_s)
    assert silent == pytest.approx([0.0] * 8 + [HOP_S, 2 * HOP_S, 3 * HOP_S, 0.0, 0.0, 0.0])


def test_a_gap_in_the_stream_does_not_count_as_speech() -> None:
    segmenter = Segmenter()
    segmenter.hear(0.0, 1.0)
    assert segmenter.hear(0.9, 9.0) == SpeechStarted(at=9.0, since=near(9.0 - 0.064))


@pytest.mark.parametrize("contradiction", [{"enter": 0.3, "leave": 0.4}, {"leave": 0.0}, {"pause_after_s": 0.0}])
def test_contradictory_settings_are_refused(contradiction: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must hold"):
        SegmenterSettings(**contradiction)
