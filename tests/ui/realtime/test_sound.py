"""Sound and pictures as base64: exact, and refused where they are not what they say."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from dialogue.errors import BadInput
from ui.realtime.sound import LONGEST_APPEND, float32, float32_from, pcm16, pcm16_from, picture_from_url


def test_sound_survives_both_encodings() -> None:
    samples = np.linspace(-1, 1, 101, dtype=np.float32)
    assert np.allclose(pcm16_from(pcm16(samples)), samples, atol=1 / 32000)
    assert np.array_equal(float32_from(float32(samples)), samples)


def test_loud_samples_are_clipped() -> None:
    assert float32_from(float32(np.array([5, -5], np.float32))).tolist() == [1, -1]


@pytest.mark.parametrize("value", [None, 3, "%%%", base64.b64encode(b"odd").decode(), "a" * (LONGEST_APPEND + 1), "é"])
def test_what_is_no_sound_is_refused(value: Any) -> None:
    for read in (pcm16_from, float32_from):
        with pytest.raises(BadInput, match="audio"):
            read(value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(BadInput, match="not numbers"):
        float32_from(float32(np.array([0, bad], np.float32)))


def test_a_picture_comes_in_a_data_url_alone() -> None:
    assert picture_from_url("data:image/png;base64,aGk=", "url") == b"hi"
    for url in ("/etc/passwd", "https://host/x.png", "data:text/html;base64,aGk=", "data:image/png,hi", 3):
        with pytest.raises(BadInput):
            picture_from_url(url, "url")
