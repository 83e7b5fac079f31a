"""Endpointing on hand-made VAD probabilities: when speech starts, pauses, resumes and ends."""

from __future__ import annotations

from typing import Any

import pytest

from audio.endpointing import (
    Endpointer,
    EndpointerSettings,
    SpeechDropped,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)

HOP_S = 0.032


def hear(hops: str, settings: EndpointerSettings | None = None, finished: float | None = None) -> list[SpeechEvent]:
    """One letter per hop: S speech (0.9), m murmur between the thresholds (0.4), . silence (0.05)."""
    endpointer = Endpointer(settings)
    endpointer.hear(0.0, 0.0)
    probability = {"S": 0.9, "m": 0.4, ".": 0.05}
    heard = [endpointer.hear(probability[hop], (place + 1) * HOP_S, finished) for place, hop in enumerate(hops)]
    return [event for event in heard if event is not None]


def near(value: float) -> Any:
    """Equal to every float close to `value`, as a field of an expected event."""
    return pytest.approx(value)


def kinds(events: list[SpeechEvent]) -> list[type]:
    return [type(event) for event in events]


def test_one_utterance_from_start_to_end() -> None:
    start, pause, end = hear("..." + "S" * 20 + "." * 20)
    assert start == SpeechStarted(at=near(5 * HOP_S), since=near(3 * HOP_S))
    last = near(23 * HOP_S)
    assert pause == SpeechPaused(at=near(27 * HOP_S), last_speech_at=last)  # 4 hops: 0.128 s
    assert end == SpeechEnded(at=near(36 * HOP_S), last_speech_at=last)  # 13 hops: the first beyond 0.40 s


def test_a_breath_is_a_pause_and_a_resume_and_restarts_the_hangover() -> None:
    events = hear("S" * 10 + "." * 8 + "S" * 10 + "." * 20)
    assert kinds(events) == [SpeechStarted, SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded]
    assert events[2].at == pytest.approx(20 * HOP_S)
    assert isinstance(events[-1], SpeechEnded)
    assert events[-1].last_speech_at == pytest.approx(28 * HOP_S)


def test_gaps_between_words_are_not_pauses() -> None:
    assert kinds(hear("SSSSS..SSSSS...SSSSS" + "." * 20)) == [SpeechStarted, SpeechPaused, SpeechEnded]


def test_a_click_in_the_pause_does_not_resume_the_speech() -> None:
    quiet = hear("S" * 10 + "." * 20)
    clicked = hear("S" * 10 + "." * 6 + "S" + "." * 13)
    assert kinds(clicked) == [SpeechStarted, SpeechPaused, SpeechEnded]
    assert clicked[-1] == quiet[-1]


def test_a_murmur_continues_speech_but_does_not_begin_it() -> None:
    assert hear("m" * 30) == []
    assert kinds(hear("SSSSSS" + "m" * 30)) == [SpeechStarted]


def test_one_hop_of_noise_starts_nothing() -> None:
    assert hear("..S...S..S" + "." * 20) == []


def test_a_very_short_noise_is_dropped_without_a_pause() -> None:
    assert kinds(hear("SSS" + "." * 20)) == [SpeechStarted, SpeechDropped]
    assert kinds(hear("SSS..SS" + "." * 20)) == [SpeechStarted, SpeechPaused, SpeechEnded], (
        "two short pieces make 0.16 s"
    )


def test_a_second_utterance_gives_the_same_events() -> None:
    utterance = "S" * 10 + "." * 20
    assert kinds(hear(utterance * 2)) == [SpeechStarted, SpeechPaused, SpeechEnded] * 2


@pytest.mark.parametrize(
    ("finished", "hops_until_end"), [(None, 13), (0.5, 13), (0.8, 7), (1.0, 7), (0.2, 29), (0.0, 29)]
)
def test_a_semantic_probability_moves_the_end_between_its_bounds(finished: float | None, hops_until_end: int) -> None:
    events = hear("S" * 10 + "." * 40, finished=finished)
    assert events[-1].at == pytest.approx((10 + hops_until_end) * HOP_S)


def test_a_semantic_probability_is_discarded_when_speech_resumes() -> None:
    endpointer = Endpointer()
    hops = [0.9] * 10 + [0.0] * 5 + [0.9] * 5 + [0.0] * 40
    ends = []
    for place, probability in enumerate(hops):
        event = endpointer.hear(probability, (place + 1) * HOP_S, finished=1.0 if place == 12 else None)
        if isinstance(event, SpeechEnded):
            ends.append(event.at)
    assert ends == [pytest.approx((20 + 13) * HOP_S)]


def test_a_gap_in_the_stream_does_not_count_as_speech() -> None:
    endpointer = Endpointer()
    endpointer.hear(0.0, 1.0)
    assert endpointer.hear(0.9, 9.0) == SpeechStarted(at=9.0, since=near(9.0 - 0.064))
    assert not isinstance(endpointer.hear(0.0, 9.5), SpeechEnded), "64 ms were heard, not eight seconds"


def test_speaking_lasts_through_pauses() -> None:
    endpointer = Endpointer()
    states = []
    for place, hop in enumerate("..SSSSSSSSSS" + "." * 20):
        endpointer.hear(0.9 if hop == "S" else 0.0, place * HOP_S)
        states.append(endpointer.speaking)
    assert states.index(True) == 3 and sum(states) == 9 + 12


@pytest.mark.parametrize(
    "contradiction",
    [{"enter": 0.3, "leave": 0.4}, {"leave": 0.0}, {"pause_after_s": 0.5, "hangover_s": 0.4}, {"pause_after_s": 0.0}],
)
def test_contradictory_settings_are_refused(contradiction: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must hold"):
        EndpointerSettings(**contradiction)
