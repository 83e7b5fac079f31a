"""The real VAD model on speech, silence and noise, alone and with segmentation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio.chunk import Chunk, Samples
from audio.segmentation import Segmenter, SegmenterSettings, SegmentEvent, SpeechPaused, SpeechStarted
from audio.voice_activity import HOP, HOP_S, SpeechProbability, VadState, VoiceActivityDetector
from tests.audio.tone import noise, silence, sine

RATE = 16_000
SENTENCE = "I would like to know what the sign on the door says."
Say = Callable[[str], Samples]


def detect(activity: VoiceActivityDetector, sound: Samples) -> list[SpeechProbability]:
    return activity.step(VadState(), Chunk(sound, RATE, 0))


def events(activity: VoiceActivityDetector, sound: Samples) -> list[SegmentEvent]:
    segmenter = Segmenter(SegmenterSettings(pause_after_s=0.4))
    heard = [segmenter.hear(hop.probability, hop.at) for hop in detect(activity, sound)]
    return [event for event in heard if event is not None]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_chunked_equals_whole(
    activity: VoiceActivityDetector, say: Say, ugly_cuts: Callable[[int, int], list[int]], seed: int
) -> None:
    sound = np.concatenate([silence(1.0, RATE), say(SENTENCE), silence(1.0, RATE)])
    state, verdicts, place = VadState(), [], 0
    for length in ugly_cuts(len(sound), seed):
        verdicts += activity.step(state, Chunk(sound[place : place + length], RATE, place))
        place += length
    assert verdicts == detect(activity, sound)


def test_every_hop_has_a_probability_at_its_end(activity: VoiceActivityDetector) -> None:
    verdicts = detect(activity, noise(1.0, RATE, 0.01))
    assert [hop.at for hop in verdicts] == pytest.approx([(place + 1) * HOP_S for place in range(RATE // HOP)])


@pytest.mark.parametrize("speaker", ["say", "espeak"])
def test_speech_is_detected_where_it_is(
    activity: VoiceActivityDetector, speaker: str, request: pytest.FixtureRequest
) -> None:
    speech = request.getfixturevalue(speaker)(SENTENCE)
    loud = np.flatnonzero(np.abs(speech) > 0.02)
    begins, ends = 1 + loud[0] / RATE, 1 + loud[-1] / RATE
    found = events(activity, np.concatenate([silence(1.0, RATE), speech, silence(1.5, RATE)]))
    assert isinstance(found[0], SpeechStarted) and isinstance(found[-1], SpeechPaused)
    assert sum(isinstance(event, SpeechPaused) for event in found) == 1, "the sentence is not cut in two"
    assert found[0].since == pytest.approx(begins, abs=0.12)
    assert found[-1].last_speech_at == pytest.approx(ends, abs=0.15)
    assert found[-1].at - ends < 0.6


@pytest.mark.parametrize(
    "sound",
    [
        silence(20.0, RATE),
        noise(20.0, RATE, 0.0003),
        noise(20.0, RATE, 0.003),
        noise(20.0, RATE, 0.1),
        sine(100, 20.0, RATE, 0.1) + noise(20.0, RATE, 0.001),
    ],
    ids=["digital silence", "quiet room", "room", "loud noise", "hum"],
)
def test_nothing_starts_in_silence_and_noise(activity: VoiceActivityDetector, sound: Samples) -> None:
    assert events(activity, sound) == []


class _Ungated(VadState):
    """A state in which Silero is never skipped."""

    @property
    def quiet_hops(self) -> int:
        return 0

    @quiet_hops.setter
    def quiet_hops(self, _value: int) -> None:
        pass


@pytest.mark.parametrize("level", [0.0, 0.0003])
def test_the_gate_changes_no_decision(activity: VoiceActivityDetector, say: Say, level: float) -> None:
    words = [say(text) for text in ("Stop.", SENTENCE, "Yes, please.")]
    sound = np.concatenate([part for word in words for part in (silence(2.5, RATE), word)] + [silence(1.0, RATE)])
    sound = sound + noise(len(sound) / RATE, RATE, level)
    gated = detect(activity, sound)
    judged = activity.step(_Ungated(), Chunk(sound, RATE, 0))
    skipped = sum(hop.probability == 0.0 for hop in gated)
    assert skipped > 0.3 * len(gated), "the gate skips Silero for much of the silence"
    agree = np.mean([(a.probability > 0.5) == (b.probability > 0.5) for a, b in zip(gated, judged, strict=True)])
    assert agree > 0.98


def test_a_gap_drops_the_incomplete_hop_and_time_continues(activity: VoiceActivityDetector) -> None:
    state = VadState()
    activity.step(state, Chunk(silence(0.05, RATE), RATE, 0))
    verdicts = activity.step(state, Chunk(silence(0.1, RATE), RATE, 10 * RATE))
    assert [hop.at for hop in verdicts] == pytest.approx([10.032, 10.064, 10.096])


def test_another_rate_is_refused(activity: VoiceActivityDetector) -> None:
    with pytest.raises(ValueError, match="16000"):
        activity.step(VadState(), Chunk(silence(0.1, 48_000), 48_000, 0))
