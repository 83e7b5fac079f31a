"""A quieter voice behind the talker: its words are no transcript, and the page shows it once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from audio.chunk import Chunk, Samples
from audio.room.talker import Talker
from audio.transcribe import EMPTY_TRANSCRIPT, Transcript
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.known_talker import REPORTED_EVERY_S, KnownTalker
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Expressed, Notice
from stream.runtime.link import Link
from stream.turns.decisions import SpokenQuestion
from tests.audio.room.test_talker import ByPitch, says


class TalkingRoom:
    """A call in which each question is said and answered; `heard` are the transcripts."""

    def __init__(self, thread: DeviceThread, listens_to_all: Callable[[], bool] = lambda: False) -> None:
        self.now, self.shown = 0.0, list[Expressed]()
        link = Link(lambda: self.now, self.shown.append)
        self.sound = AudioBuffer()
        talker = KnownTalker(talker=Talker(ByPitch()), thread=thread, link=link, listens_to_all=listens_to_all)
        self.transcripts = SpeechTranscripts(self._hear, self.sound, talker=talker)

    async def _hear(self, _sound: Samples, _start_s: float, _partial: bool) -> Transcript:
        return Transcript("Some words.", 0.0, 0.9)

    async def hears(self, voice: float, level_db: float = 0.0) -> Transcript:
        began = self.sound.end_s
        for samples in (says(voice, 3.0, level_db), np.zeros(8_000, np.float32)):
            self.sound.append(Chunk(samples, 16_000, round(self.sound.end_s * 16_000)))
        said = SpokenQuestion(began, began + 3.0, began + 3.1)
        heard = await self.transcripts.final(said)
        if heard.text:
            self.transcripts.answered(said)
        while self.transcripts._tasks:
            await asyncio.gather(*self.transcripts._tasks)
        return heard

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.shown if isinstance(event, Notice)]


def test_a_quieter_voice_behind_a_known_talker_is_not_transcribed() -> None:
    async def story() -> None:
        with DeviceThread("turn-end") as thread:
            room = TalkingRoom(thread)
            for _ in range(3):
                assert (await room.hears(100.0)).text
            assert room.codes == ["voice_known"]
            for _ in range(2):
                assert await room.hears(500.0, -10.0) is EMPTY_TRANSCRIPT
            assert room.codes == ["voice_known", "another_voice"]
            room.now += REPORTED_EVERY_S
            assert await room.hears(500.0, -10.0) is EMPTY_TRANSCRIPT
            assert room.codes[1:] == ["another_voice"] * 2
            assert (await room.hears(100.0, -10.0)).text, "the talker moved away"

    asyncio.run(story())


def test_while_two_people_are_translated_every_voice_counts() -> None:
    async def story() -> None:
        with DeviceThread("turn-end") as thread:
            translating = False
            room = TalkingRoom(thread, lambda: translating)
            for _ in range(3):
                await room.hears(100.0)
            translating = True
            assert (await room.hears(500.0, -10.0)).text
            translating = False
            assert await room.hears(500.0, -10.0) is EMPTY_TRANSCRIPT

    asyncio.run(story())
