"""Calls with o 4.5 and its vocoder: what is heard are its own codes, made into sound in the voice of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.engines.minicpm_o45 import MiniCPMO45Model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech.token2wav import VoiceStream
from stream.runtime.events import Notice, UnitDecided
from tests.dialogue.minicpm.leaning import write_leaning
from tests.dialogue.minicpm.session_inputs import second
from tests.stream.omni_calls import OmniCall, calls, opened


async def talks(call: OmniCall) -> None:
    await call.watches(12)


def test_two_calls_are_spoken_to_in_its_own_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[int, list[np.ndarray]] = {}
    stream = VoiceStream.stream

    def kept(self: VoiceStream, codes: list[int], last: bool) -> Any:
        sound = stream(self, codes, last)
        made.setdefault(id(self), []).append(sound)
        return sound

    monkeypatch.setattr(VoiceStream, "stream", kept)
    shared = opened(write_leaning(Kind.O45, tmp_path / "o45"), voice=np.concatenate([second(1), second(2)]))
    assert isinstance(shared, MiniCPMO45Model)
    assert shared.can.speaks
    told = calls(shared, talks, talks, seeds=(1, 2))
    assert len(made) == 2
    for call, sounds in zip(told, made.values(), strict=True):
        assert any(unit.speaks for unit in call.of(UnitDecided))
        assert not call.of(Notice)
        seconds = sum(map(len, sounds)) / 24_000
        assert seconds >= 1.0
        assert 0.5 < call.heard_s() <= seconds + 0.1, "and nothing but its own sound is heard"
