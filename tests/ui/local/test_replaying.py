"""A synthetic recording runs through a real session with toy models, on a skipping clock.

Also tests `terminal_captions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from audio.chunk import Chunk
from dialogue.errors import EngineLost
from stream.models.setup import SETUPS
from stream.runtime.events import Expressed, ReplyEnded, TurnTimed, UserCaption
from stream.session.session import Session
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from ui.local.replaying import OUT_RATE_HZ, FileReplay, Outcome
from ui.local.terminal_captions import Captions, figures, latency_table


def recording(*spans: tuple[float, float]) -> Iterator[Chunk]:
    """20 ms chunks: (seconds, loudness) one after the other."""
    start = 0
    for seconds, loudness in spans:
        for _chunk in range(round(seconds / 0.02)):
            yield Chunk(np.full(320, loudness, np.float32), 16_000, start)
            start += 320


def replayed(engine: ToyEngine, *spans: tuple[float, float]) -> tuple[Outcome, list[tuple[float, Expressed]]]:
    reported: list[tuple[float, Expressed]] = []

    async def main() -> Outcome:
        parts = toy_parts(lambda: engine)
        try:
            session = Session("replay", parts, SETUPS["laptop"], out_rate=OUT_RATE_HZ)
            return await FileReplay(session, lambda event, now: reported.append((now, event))).run(recording(*spans))
        finally:
            parts.close()

    return run_in_virtual_time(main(), until=600), reported


def test_a_question_is_answered_before_the_replay_ends() -> None:
    outcome, reported = replayed(ToyEngine(["One two three four."]), (0.5, 0.0), (1.0, 0.5), (0.1, 0.0))
    events = [event for _at, event in reported]
    [caption] = [event for event in events if isinstance(event, UserCaption) and event.final]
    [ended] = [event for event in events if isinstance(event, ReplyEnded)]
    assert caption.text == "What do you see?"
    assert (ended.said.strip(), ended.cut) == ("One two three four.", False)
    assert any(isinstance(event, TurnTimed) for event in events)
    assert np.count_nonzero(outcome.sound) / OUT_RATE_HZ == pytest.approx(1.0, abs=0.05)
    assert len(outcome.sound) / OUT_RATE_HZ == pytest.approx(outcome.seconds, abs=0.03)
    first_sound = float(np.flatnonzero(outcome.sound)[0]) / OUT_RATE_HZ
    assert 1.5 < first_sound < 2.5, "the voice must lie where it was heard"


def test_without_a_question_the_replay_ends_soon_after_the_recording() -> None:
    outcome, reported = replayed(ToyEngine(["Never said."]), (3.0, 0.0))
    assert 3.0 < outcome.seconds < 6.0
    assert not any(isinstance(event, ReplyEnded) for _at, event in reported)
    assert not outcome.sound.any()


def test_a_lost_engine_ends_the_replay() -> None:
    with pytest.raises(ExceptionGroup) as lost:
        replayed(ToyEngine(["break"]), (1.0, 0.5), (30.0, 0.0))
    assert lost.group_contains(EngineLost, match="The session ended before the recording")


def test_the_report_shows_the_conversation_and_latencies() -> None:
    _outcome, reported = replayed(ToyEngine(["@72.5 Hello there."]), (1.0, 0.5), (0.1, 0.0))
    captions = Captions()
    lines = [line for at, event in reported for line in captions.lines(event, at)]
    assert [line.split(maxsplit=2)[1:] for line in lines] == [
        ["you", "What do you see?"],
        ["recalls", "what happened at 1:12.5"],
        ["omnilive", "Hello there."],
    ]
    table = latency_table(captions.timed)
    assert table[0].endswith("turns: 1")
    assert any(row.startswith("first sound heard") for row in table)
    assert 0 < figures(captions.timed)["turn_decided_ms"] < 1000
    assert latency_table([]) == ["no answer was spoken"]
