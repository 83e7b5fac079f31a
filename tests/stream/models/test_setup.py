"""What a setup refuses to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.errors import BadInput
from stream.models.setup import SETUPS


def test_nobody_is_spoken_like_without_their_consent() -> None:
    voice = Path("me.wav")
    with pytest.raises(BadInput, match="consent"):
        replace(SETUPS["minicpm"], voice=voice)
    assert replace(SETUPS["minicpm"], voice=voice, speaker_consents=True).voice == voice
