"""A model that hears gets the picture in detail where the words that are spoken are about it.

Also tests `stream/perception/units/overhearing.py`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from audio.chunk import Chunk, Samples
from audio.transcribe import Transcript
from dialogue.blocks import PictureBlock
from dialogue.minicpm.kind import Kind
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.picture_detail import PictureDetail
from stream.perception.units.overhearing import Overhearing, WordsSoFar
from stream.perception.units.unit_feed import UnitFeed
from stream.perception.video_perception import VideoPerception
from stream.runtime.events import FrameReceived, ReplyEnded
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.stream.omni_calls import OmniCall, calls, opened
from tests.stream.toy_parts import ToyTranscriber
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture

SECOND = np.zeros(16_000, np.float32)
VIEW = Picture(np.zeros((48, 64, 3), np.uint8), 0.0)


class SpokenTurn:
    """Seconds of a turn, cut into units for an engine that hears; `says` are the words that are recognised."""

    def __init__(self, says: str, language: str = "en", *, always: bool = False) -> None:
        self.says, self.language = says, language
        self.sound, self.sent = AudioBuffer(), 0
        self.video = SimpleNamespace(chosen=VIEW, camera=True, detail=PictureDetail("asked"))
        video = cast(VideoPerception, self.video)
        self.feed = UnitFeed(self.sound, video, always=always)
        self.overhearing = Overhearing(self.hear, self.feed, video)

    async def hear(self, sound: Samples, start_s: float, partial: bool) -> Transcript:
        await asyncio.sleep(0.1)
        return Transcript(self.says, no_speech=0.0, confidence=1.0, language=self.language)

    def lasts(self, samples: Samples = SECOND) -> None:
        self.sound.append(Chunk(samples, 16_000, self.sent))
        self.sent += len(samples)
        self.feed.cut()

    async def is_heard(self) -> None:
        working = asyncio.create_task(self.overhearing.run())
        self.overhearing.listen(WordsSoFar(SECOND, 0.0))
        await self.overhearing.heard(1.0)
        working.cancel()

    def taken(self) -> list[tuple[bool, bool]]:
        """(whether it has a picture, whether that is in detail) of each unit that was cut."""
        units = iter(self.feed.pop, None)
        return [(unit.picture is not None, unit.picture is not None and unit.fine) for unit in units]


@pytest.mark.parametrize(
    ("says", "language", "rest"),
    [
        ("What does the sign say?", "en", (True, True)),
        ("Tell me a joke.", "en", (False, False)),
        ("上面写着什么？", "zh", (True, True)),
        ("现在几点？", "zh", (False, False)),
    ],
)
def test_the_end_of_a_question_about_the_picture_has_it_once_more_in_detail(
    says: str, language: str, rest: tuple[bool, bool]
) -> None:
    async def turn() -> None:
        spoken = SpokenTurn(says, language)
        spoken.feed.begin(0.0)
        spoken.lasts()
        assert spoken.taken() == [(True, False)]
        await spoken.is_heard()
        spoken.lasts(SECOND[:8000])
        last = spoken.feed.rest(1.5)
        assert (last.picture is not None, last.fine) == rest

    run_in_virtual_time(turn())


def test_a_duplex_engine_gets_the_picture_of_a_question_in_detail_once() -> None:
    async def seconds() -> None:
        spoken = SpokenTurn("What is this?", always=True)
        spoken.lasts()
        await spoken.is_heard()
        for _ in range(2):
            spoken.lasts()
        assert spoken.taken() == [(True, False), (True, True), (False, False)]

    run_in_virtual_time(seconds())


def test_what_is_shown_beside_the_camera_is_in_detail_but_a_film_is_not() -> None:
    spoken = SpokenTurn("")
    spoken.feed.begin(0.0)
    shown = [PictureBlock(VIEW.rgb, 0.0), PictureBlock(VIEW.rgb, 0.0, of_film=True)]
    spoken.feed.show(shown)
    taken = []
    for _ in range(3):
        spoken.lasts()
        taken += spoken.taken()
    assert taken == [(True, True), (True, False), (True, False)]


def test_words_are_overheard_where_the_camera_is_on_and_questions_decide() -> None:
    spoken = SpokenTurn("")
    assert spoken.overhearing.wanted
    spoken.video.detail.level = "always"
    assert not spoken.overhearing.wanted
    spoken.video.detail.level, spoken.video.camera = "asked", False
    assert not spoken.overhearing.wanted


def test_words_that_cannot_be_heard_end_no_call() -> None:
    class BrokenHearing(SpokenTurn):
        async def hear(self, sound: Samples, start_s: float, partial: bool) -> Any:
            raise RuntimeError("no model")

    async def turn() -> None:
        spoken = BrokenHearing("")
        await spoken.is_heard()
        assert not spoken.feed.rest(0.0).fine

    run_in_virtual_time(turn())


def test_a_spoken_question_about_the_picture_is_answered_from_all_its_slices(tmp_path: Path) -> None:
    omni = opened(write_biased_checkpoint(Kind.O26, tmp_path))
    wide = np.random.default_rng(1).integers(0, 256, (300, 900, 3), np.uint8)

    async def asks(call: OmniCall) -> None:
        call.session.push(FrameReceived(Picture(wide, call.session.now())))
        await call.lasts(0.5)
        await call.speaks(1.6)
        await call.until(ReplyEnded)

    of_picture, of_joke = (
        calls(omni, asks, transcriber=ToyTranscriber(says))[0].held["picture"]
        for says in ("What does the sign say?", "Tell me a joke.")
    )
    assert of_picture > 2 * of_joke
