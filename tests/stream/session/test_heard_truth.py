"""After an interruption the history holds what was heard: its last words against a transcript of the played sound.

Real TTS and ASR. The far end plays sound after a delay that it has reported; what it had not played by the interruption
is flushed, as the page does. The larger version, in a browser, is `benchmarks/barge_in.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from audio.resample import resample_whole
from audio.transcribe import Transcriber
from benchmarks.interrupting.listener import last_word, words
from dialogue.engines.scripted import ScriptedEngine
from stream.models.parts import Parts, open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.runtime.events import Interrupted, PlayoutMeasured, ReplyEnded, TextTyped
from stream.session.session import Session
from tests.stream.calls import Call
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["scripted"]
LINE = (
    "The museum keeps its oldest clocks in a dark room on the upper floor. Every morning a woman winds them one after "
    "the other, which takes an hour, and then all of them strike at almost the same moment."
)
MOMENTS_S = (2.0, 3.4, 4.6, 6.3)  # of interruptions, after the question
DELAY_S, ROUND_TRIP_S = 0.12, 0.04


@pytest.fixture(scope="module")
def parts(weights: WeightStore) -> Iterator[Parts]:
    opened = asyncio.run(open_parts(SETUP, weights))
    yield replace(opened, new_engine=lambda: ScriptedEngine((LINE,)))
    opened.close()


@pytest.fixture(scope="module")
def interrupted(parts: Parts) -> list[tuple[str, np.ndarray]]:
    """For each moment the words that the history kept, and the sound that the far end played, at 16 kHz."""

    async def one(moment_s: float) -> tuple[str, np.ndarray]:
        call = Call(Session("truth", parts, SETUP))
        async with call.running():
            call.session.push(PlayoutMeasured(DELAY_S, ROUND_TRIP_S))
            await call.lasts(0.5)
            call.session.push(TextTyped("Tell me about the clocks."))
            await call.lasts(moment_s)
            call.session.push(Interrupted())
            await call.lasts(0.5)
        [ended] = call.of(ReplyEnded)
        assert ended.cut
        sent = np.concatenate(call.out)
        late = round((DELAY_S + ROUND_TRIP_S / 2) * 48_000)
        played = sent[: round((0.5 + moment_s) * 48_000) - late]
        return ended.heard, resample_whole(played, 48_000, 16_000)

    return [run_in_virtual_time(one(moment_s), until=60) for moment_s in MOMENTS_S]


def test_the_history_ends_with_the_last_word_that_was_played(
    interrupted: list[tuple[str, np.ndarray]], weights: WeightStore
) -> None:
    transcriber = Transcriber(weights.path("whisper-tiny.en"))
    errors = []
    for kept, played in interrupted:
        transcript = transcriber.transcribe(np.pad(played, (0, 8000)), careful=True).text
        errors.append(len(words(kept)) - last_word(transcript, LINE))
    assert all(abs(error) <= 2 for error in errors), errors
    assert sum(abs(error) <= 1 for error in errors) >= len(errors) - 1, errors


def test_later_interruptions_keep_more_and_none_keeps_what_was_not_played(
    interrupted: list[tuple[str, np.ndarray]],
) -> None:
    kept = [len(words(each)) for each, _ in interrupted]
    assert kept == sorted(set(kept)), "each moment keeps more words than the one before"
    assert all(LINE.startswith(each) for each, _ in interrupted)
