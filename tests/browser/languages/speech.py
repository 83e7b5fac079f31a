"""Speech in other languages for the microphone of a test browser: Kokoro's, by voices that are not the assistant's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio.resample import resample_whole
from audio.voices.kokoro import RATE_HZ as KOKORO_HZ
from audio.voices.kokoro import KokoroModel, KokoroVoice
from stream.languages.models import KOKORO, SPEAKERS, WHISPER
from stream.models.fetching.fetch_errors import WeightsError
from stream.models.weights import WeightStore
from tests.browser.made_media import RATE_HZ, Pcm

OPENING_S = 2.0  # from the opening of a microphone to the first word: the browser adapts to the room

Say = Callable[[str, str, str], Pcm]


@pytest.fixture(scope="session")
def say(weights: WeightStore) -> Say:
    """Speech by a voice that the product does not use by default: (text, speaker, language)."""
    try:
        _, model, speakers = (weights.path(name) for name in (WHISPER, KOKORO, SPEAKERS))
    except WeightsError:
        pytest.skip("the models of other languages are not here: omnilive models pull " + " ".join((WHISPER, KOKORO)))
    kokoro = KokoroModel(model, speakers / "voices")

    def spoken(text: str, speaker: str, language: str) -> Pcm:
        samples = KokoroVoice(kokoro, speaker, language).spoken(text).samples
        return (resample_whole(samples, KOKORO_HZ, RATE_HZ) * 32767 * 0.8).astype(np.int16)

    return spoken
