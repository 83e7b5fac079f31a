"""The real speaker encoder on two installed voices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from audio.room.speaker_embedding import SIZE, SpeakerEncoder
from audio.room.talker import ANOTHER
from stream.models.weights import WeightStore
from tests.browser.made_media import RATE_HZ, spoken

SENTENCES = ("Could you tell me where the museum is?", "I would like a cup of tea, please.")


@pytest.fixture(scope="module")
def encoder(weights: WeightStore) -> SpeakerEncoder:
    return SpeakerEncoder(weights.path("resemblyzer-ge2e"))


def test_utterances_of_one_voice_are_alike_and_those_of_two_are_not(
    encoder: SpeakerEncoder, say: Callable[[str], Samples]
) -> None:
    def espeak(text: str) -> Samples:
        return resample_whole((spoken(text) / 32768).astype(np.float32), RATE_HZ, HEARING_RATE_HZ)

    ours, theirs = ([encoder.embed(voice(text)) for text in SENTENCES] for voice in (say, espeak))
    for voice in (ours, theirs):
        assert voice[0].shape == (SIZE,) and np.linalg.norm(voice[0]) == pytest.approx(1.0, abs=1e-4)
        assert voice[0] @ voice[1] > ANOTHER
    assert max(one @ other for one in ours for other in theirs) < ANOTHER


def test_loudness_changes_nothing(encoder: SpeakerEncoder, say: Callable[[str], Samples]) -> None:
    sound = say(SENTENCES[0])
    assert encoder.embed(sound) @ encoder.embed(np.float32(0.1) * sound) > 0.999
