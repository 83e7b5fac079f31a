"""Words over the reply count once they are sure; an unsure guess is followed by another transcript soon."""

from __future__ import annotations

import asyncio

from audio.transcribe import Transcript
from stream.perception.overlap_words import SURE, SURE_OF_MANY, OverlapWords
from stream.turns.events import OverlapTranscribed
from tests.virtual_time import run_in_virtual_time


class ReadyTranscripts:
    """Transcripts that are there at once, one after the other."""

    busy = False

    def __init__(self, *transcripts: Transcript) -> None:
        self._left = list(transcripts)

    async def so_far(self, began_at: float) -> Transcript:
        return self._left.pop(0)


def events(*transcripts: Transcript, until: float = 5.5) -> list[tuple[float, OverlapTranscribed]]:
    """The events of speech since 5.0, each with the time of the hop before it."""
    taken: list[tuple[float, OverlapTranscribed]] = []

    async def whole() -> None:
        at = 5.0

        async def take(event: OverlapTranscribed) -> None:
            taken.append((round(at, 2), event))

        words = OverlapWords(ReadyTranscripts(*transcripts), take)  # type: ignore[arg-type]  # no speech recognition
        async with asyncio.TaskGroup() as tasks:
            while at < until:
                at += 0.032
                words.hear(5.0, at, tasks)
                await asyncio.sleep(0.032)

    run_in_virtual_time(whole(), until=10)
    return taken


def test_sure_words_count_soon() -> None:
    (at, event), *_ = events(Transcript("Tell me about it.", 0.1, SURE), until=5.2)
    assert event == OverlapTranscribed(5.0, backchannel=False)
    assert 5.12 <= at < 5.2


def test_who_asks_for_the_floor_is_believed_sooner() -> None:
    (_, event), *_ = events(Transcript("Stop.", 0.1, SURE / 2), until=5.2)
    assert event == OverlapTranscribed(5.0, backchannel=False)


def test_words_without_spaces_are_counted_too() -> None:
    (_, event), *_ = events(Transcript("你能不能说慢一点", 0.1, SURE_OF_MANY, "zh"), until=5.2)
    assert event == OverlapTranscribed(5.0, backchannel=False)


def test_an_unsure_guess_waits_for_more_of_the_speech() -> None:
    unsure, (at, event) = events(Transcript("And then", 0.6, SURE / 2), Transcript("Mm.", 0.5, SURE), until=5.3)
    assert unsure[1] == OverlapTranscribed(5.0, backchannel=None)
    assert event == OverlapTranscribed(5.0, backchannel=True)
    assert 5.22 <= at < 5.3


def test_words_in_another_language_are_judged_in_it() -> None:
    [(_, event)] = events(Transcript("停一下。", 0.1, 2 * SURE, "zh"), until=5.2)
    assert event == OverlapTranscribed(5.0, backchannel=False)
    [(_, event)] = events(Transcript("嗯嗯。", 0.1, 2 * SURE, "zh"), until=5.2)
    assert event == OverlapTranscribed(5.0, backchannel=True)
