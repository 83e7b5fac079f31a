"""The log-mel spectrogram equals that of transformers."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import WhisperFeatureExtractor

from audio.chunk import Samples
from audio.mel import BANDS, FRAMES_PER_S, log_mel
from tests.audio.tone import noise, silence, sine

SOUNDS = {
    "noise": noise(2.0, 16_000),
    "tone in noise": sine(700, 3.17, 16_000) + noise(3.17, 16_000, 0.01),
    "silence": silence(1.0, 16_000),
    "loud, then nothing": np.concatenate([noise(0.5, 16_000, 0.3), silence(1.0, 16_000)]),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_equal_to_the_reference_padded_to_thirty_seconds(name: str) -> None:
    sound: Samples = SOUNDS[name]
    reference = WhisperFeatureExtractor()(sound, sampling_rate=16_000, return_tensors="np").input_features[0]
    ours = log_mel(np.pad(sound, (0, 480_000 - len(sound))))
    assert ours.dtype == np.float32 and ours.shape == (BANDS, 30 * FRAMES_PER_S)
    np.testing.assert_allclose(ours, reference, atol=1e-4)


def test_a_short_sound_is_not_padded() -> None:
    assert log_mel(noise(1.234, 16_000)).shape == (BANDS, 123)
