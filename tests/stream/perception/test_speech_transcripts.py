"""A transcript of the whole turn does not wait for a partial one that is being made."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator

import numpy as np

from audio.chunk import Chunk, Samples
from audio.transcribe import Transcript
from dialogue.languages.language import ENGLISH
from stream.languages.spoken_language import SpokenLanguage
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.runtime.device_thread import DeviceThread
from stream.runtime.link import Link
from stream.turns.decisions import SpokenQuestion

SAID = SpokenQuestion(0.5, 1.8, 1.9)


class SlowRecogniser:
    """Names the seconds that it heard. A transcript in steps waits in its first step until it may go on."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.finished: list[str] = []

    def warm_up(self) -> None:
        pass

    def transcribe(self, samples_16k: Samples, *, careful: bool = False) -> Transcript:
        self.finished.append(f"{len(samples_16k) / 16_000:.1f} seconds")
        return Transcript(self.finished[-1], 0.0, 1.0)

    def transcribing(self, samples_16k: Samples, *, quickly: bool = False) -> Generator[None, None, Transcript]:
        self.begun.set()
        assert self.may_go_on.wait(10)
        yield
        return self.transcribe(samples_16k)


def heard(seconds: float) -> AudioBuffer:
    sound = AudioBuffer()
    sound.append(Chunk(np.zeros(round(seconds * 16_000), np.float32), 16_000, 0))
    return sound


def hearing(
    recogniser: SlowRecogniser, thread: DeviceThread
) -> Callable[[Samples, float, bool], Awaitable[Transcript]]:
    return SpokenLanguage(recogniser, thread, None, Link(lambda: 0.0, lambda _event: None), ENGLISH).hear


def test_the_final_transcript_takes_the_place_of_a_partial_one() -> None:
    recogniser = SlowRecogniser()

    async def story() -> None:
        with DeviceThread("asr") as thread:
            sound = heard(1.5)
            transcripts = SpeechTranscripts(hearing(recogniser, thread), sound)
            partial = asyncio.create_task(transcripts.partial(0.5, 12.0))
            await asyncio.to_thread(recogniser.begun.wait)
            sound.append(Chunk(np.zeros(8_000, np.float32), 16_000, 24_000))
            assert transcripts.busy
            final = asyncio.create_task(transcripts.final(SAID))
            await asyncio.sleep(0)
            recogniser.may_go_on.set()
            assert (await final).text == "1.7 seconds"
            await asyncio.wait([partial])
            assert partial.cancelled()
            assert transcripts.covers(SAID.began_at, SAID.stopped_at)
            assert await transcripts.final(SAID) is await final, "it is made once"

    asyncio.run(story())
    assert recogniser.finished == ["1.7 seconds"]


def test_without_another_one_the_partial_transcript_is_finished() -> None:
    recogniser = SlowRecogniser()
    recogniser.may_go_on.set()

    async def story() -> None:
        with DeviceThread("asr") as thread:
            transcripts = SpeechTranscripts(hearing(recogniser, thread), heard(2.0))
            assert await transcripts.partial(0.5, 12.0) == "1.8 seconds"
            assert await transcripts.partial(0.5, 1.0) == "… 1.0 seconds"

    asyncio.run(story())
