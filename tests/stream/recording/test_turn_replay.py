"""A recorded session, run again: the same decisions, and what others would have been with another patience.

The session has real voice activity detection and echo cancellation over a microphone with espeak's voice.

Also tests `call_recording.py`, `event_json.py` and `recorded_call.py`.
"""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dialogue.engines.scripted import ScriptedEngine
from dialogue.errors import BadInput
from stream.models.parts import open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.recording.call_recording import EVENTS, MICROPHONE, VOICE, RecordingRequest
from stream.recording.recorded_call import RecordedCall, read_call
from stream.recording.turn_replay import ReplayStep, first_difference, replayed, what_if, with_setting
from stream.runtime.events import FrameReceived, Interrupted, PlayoutMeasured, TextTyped
from stream.session.session import Session
from stream.session.session_start import SessionStart
from stream.turns.decisions import Answer, SpokenQuestion, Yield
from stream.turns.patience import Patience
from tests.loaded_once import models_loaded_once
from tests.room_sounds import placed, said
from tests.stream.calls import SessionCall
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture

__all__ = ["models_loaded_once"]

SETUP = SETUPS["scripted"]
LINES = ("The old bridge was built a hundred years ago, and since then it has carried trains and carts.",)


@pytest.fixture(scope="module")
def folder(weights: WeightStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call with a question, a typed one, one with a pause inside, an interruption and a press of the button."""
    parts = asyncio.run(open_parts(SETUP, weights))
    path = tmp_path_factory.mktemp("recorded") / "call"
    microphone = placed(
        21.0,
        (1.0, said("What do you see on the table?")),
        (5.0, said("Stop, that is enough for now.")),
        (12.0, said("I would like to know")),
        (14.0, said("how many people there are.")),
    )

    async def whole() -> None:
        start = SessionStart(recording=RecordingRequest(path, {"began": "2026-11-29T12:00:00"}))
        call = SessionCall(Session("test", replace(parts, new_engine=lambda: ScriptedEngine(LINES)), SETUP, start))
        async with call.running():
            call.session.push(PlayoutMeasured(0.05, 0.01))
            call.session.push(FrameReceived(Picture(np.full((48, 64, 3), 90, np.uint8), 0.0)))
            await call.plays(microphone)
            call.session.push(TextTyped("Tell me about the bridge."))
            await call.lasts(2.0)
            call.session.push(Interrupted())
            await call.lasts(1.0)

    try:
        run_in_virtual_time(whole(), until=120)
    finally:
        parts.close()
    return path


@pytest.fixture(scope="module")
def call(folder: Path) -> RecordedCall:
    return read_call(folder)


def answers(steps: list[ReplayStep]) -> Iterator[float]:
    """The seconds of silence that ended each spoken turn."""
    for step in steps:
        for decision in step.decisions:
            if isinstance(decision, Answer) and isinstance(decision.question, SpokenQuestion):
                yield decision.question.until - decision.question.stopped_at


def test_the_same_events_give_the_same_decisions_every_time(call: RecordedCall) -> None:
    first, second = replayed(call), replayed(call)
    assert first_difference(call, first) is None
    assert [step.reasons for step in first] == [step.reasons for step in second]
    decided = [decision for step in first for decision in step.decisions]
    assert sum(isinstance(decision, Answer) for decision in decided) >= 3
    assert any(isinstance(decision, Yield) for decision in decided)
    assert call.lost == 0


def test_a_changed_decision_is_found(call: RecordedCall) -> None:
    number = next(n for n, taken in enumerate(call.taken) if taken.decisions)
    changed = replace(call.taken[number], decisions=())
    other = replace(call, taken=(*call.taken[:number], changed, *call.taken[number + 1 :]))
    difference = first_difference(other, replayed(other))
    assert difference is not None
    assert difference[0] is changed


def test_the_simulation_with_the_same_patience_decides_the_same(call: RecordedCall) -> None:
    as_it_was, simulated = replayed(call), what_if(call, call.patience())
    assert [step.reasons for step in simulated if step.reasons] == [step.reasons for step in as_it_was if step.reasons]


def test_more_patience_waits_longer_and_less_cuts_in(call: RecordedCall) -> None:
    patient = what_if(call, with_setting(call.patience(), "endpointing.patience", 1.5))
    assert list(answers(patient)) == pytest.approx([1.5] * len(list(answers(patient))), abs=0.07)
    hasty = what_if(call, with_setting(call.patience(), "endpointing.patience", 0.2))
    assert list(answers(hasty)) == pytest.approx([0.2] * len(list(answers(hasty))), abs=0.07)
    assert len(list(answers(hasty))) > len(list(answers(patient))), "some pauses of the call are no ends"


def test_settings_are_checked() -> None:
    assert with_setting(Patience(), "endpointing.threshold", 2.0).threshold == 2.0
    with pytest.raises(BadInput, match="there are endpointing"):
        with_setting(Patience(), "endpointing.courage", 1.0)
    with pytest.raises(BadInput, match="between"):
        with_setting(Patience(), "endpointing.patience", -1.0)


def test_the_media_of_the_call_are_kept(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0, "only the owner may read it"
    with wave.open(str(folder / MICROPHONE)) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert len(heard) / 16_000 == pytest.approx(24.0, abs=0.1)
    assert np.abs(heard[16_000:40_000]).max() > 1000
    with wave.open(str(folder / VOICE)) as file:
        voice = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert len(voice) / 16_000 == pytest.approx(24.0, abs=0.2)
    assert np.abs(voice).max() > 1000
    assert len(list((folder / "camera").glob("*.jpg"))) == 1
    kinds = {json.loads(line).get("expressed", {}).get("type") for line in (folder / EVENTS).read_text().splitlines()}
    assert {"UserCaption", "ReplyEnded", "TurnTimed", "Why", "TurnRecorded"} <= kinds


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no recording"),
        ('{"version": 99}', "no recording"),
        ('{"version": 1, "patience": {}}\n{"at": 1, "event": {"type": "Path"}, "decisions": []}', "expected"),
        ('{"version": 1}\n{"at": 1, "event": {"type": "MicrophoneOff", "x": 1}, "decisions": []}', "other fields"),
        ('{"version": 1}\n[1', "damaged"),
    ],
)
def test_a_damaged_recording_is_refused_with_a_sentence(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(BadInput, match="holds no recorded call"):
        read_call(tmp_path)
    (tmp_path / EVENTS).write_text(text)
    with pytest.raises(BadInput, match=wrong):
        read_call(tmp_path)
