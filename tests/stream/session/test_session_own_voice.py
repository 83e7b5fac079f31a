"""Calls with MiniCPM-o 4.5 and its vocoder: its codes become sound in the voice of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.engines.minicpm.minicpm_o45 import MiniCPMO45Model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech.token2wav import VoiceStream
from stream.runtime.events import Notice, UnitDecided
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.dialogue.minicpm.session_inputs import second
from tests.stream.omni_calls import OmniCall, calls, opened


async def talks(call: OmniCall) -> None:
    await call.watches(12)


def test_two_calls_hear_the_voice_of_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[int, list[np.ndarray]] = {}
    stream = VoiceStream.stream

    def kept(self: VoiceStream, codes: list[int], last: bool) -> Any:
        sound = stream(self, codes, last)
        made.setdefault(id(self), []).append(sound)
        return sound

    monkeypatch.setattr(VoiceStream, "stream", kept)
    shared = opened(write_biased_checkpoint(Kind.O45, tmp_path / "o45"), voice=np.concatenate([second(1), second(2)]))
    assert isinstance(shared, MiniCPMO45Model)
    assert shared.can.speaks
    result = calls(shared, talks, talks, seeds=(1, 2))
    assert len(made) == 2
    by_length = sorted(made.values(), key=lambda sounds: sum(map(len, sounds)))
    for call, sounds in zip(sorted(result, key=OmniCall.heard_s), by_length, strict=True):
        assert any(unit.speaks for unit in call.of(UnitDecided))
        assert not call.of(Notice)
        seconds = sum(map(len, sounds)) / 24_000
        assert seconds >= 1.0
        assert 0.5 < call.heard_s() <= seconds + 0.1, "and nothing but its own sound is heard"
