"""Speech to an engine that hears is transcribed for captions and the log, without delaying the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from dialogue.blocks import TranscriptBlock
from dialogue.minicpm.kind import Kind
from stream.perception.caption_transcriber import UTTERANCE_QUEUE_SIZE, CaptionTranscriber, Utterance
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import (
    Expressed,
    Notice,
    ReplyEnded,
    ReplyText,
    SessionEnded,
    TextTyped,
    UnitDecided,
    UserCaption,
)
from stream.runtime.link import Link
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.stream.omni_calls import OmniCall, Shared, calls, opened
from tests.stream.toy_parts import ToyTranscriber
from tests.virtual_time import run_in_virtual_time


@pytest.fixture(scope="module")
def omni(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return opened(write_biased_checkpoint(Kind.O26, tmp_path_factory.mktemp("o26")))


@pytest.fixture(scope="module")
def duplex(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    folder: Path = write_biased_checkpoint(Kind.O45, tmp_path_factory.mktemp("o45"))
    return opened(folder)


@dataclass
class SlowTranscriber:
    """A caption transcriber that takes a second for each utterance and writes its length, or `breaks`."""

    breaks: Callable[[int], bool] = lambda written: False
    events: list[Expressed] = field(default_factory=list)
    fed: list[TranscriptBlock] = field(default_factory=list)
    written: int = 0

    async def hear(self, samples: np.ndarray, _start_s: float) -> Any:
        await asyncio.sleep(1.0)
        self.written += 1
        if self.breaks(self.written):
            raise RuntimeError("no paper")
        return SimpleNamespace(text=f"{len(samples)} samples" if samples.any() else "")

    async def feed(self, block: TranscriptBlock) -> None:
        self.fed.append(block)

    def works(self, *waits: tuple[float, Callable[[CaptionTranscriber], None]]) -> CaptionTranscriber:
        """Runs each step after its delay in seconds."""

        async def whole() -> CaptionTranscriber:
            link = Link(lambda: 0.0, self.events.append)
            caption_transcriber = CaptionTranscriber(self.hear, cast(Any, self), link)
            working = asyncio.create_task(caption_transcriber.run())
            for seconds, deed in waits:
                await asyncio.sleep(seconds)
                deed(caption_transcriber)
            await asyncio.sleep(60.0)
            working.cancel()
            return caption_transcriber

        return run_in_virtual_time(whole())


def said(turn: int, samples: int = 100, loud: float = 1.0) -> Callable[[CaptionTranscriber], None]:
    utterance = Utterance(turn, np.full(samples, loud, np.float32), 10.0 * turn, 10.0 * turn + 2)
    return lambda caption_transcriber: caption_transcriber.write(utterance)


def test_each_utterance_is_a_caption_of_its_turn_and_data_for_the_engine() -> None:
    desk = SlowTranscriber()
    desk.works((0.0, said(1)), (0.1, said(2, 200)), (5.0, said(3, loud=0.0)))
    assert desk.events == [UserCaption(1, "100 samples", final=True), UserCaption(2, "200 samples", final=True)]
    assert desk.fed == [TranscriptBlock("100 samples", 10.0, 12.0), TranscriptBlock("200 samples", 20.0, 22.0)]


def test_a_late_transcriber_drops_the_oldest_utterances() -> None:
    desk = SlowTranscriber()
    turns = range(1, UTTERANCE_QUEUE_SIZE + 4)
    caption_transcriber = desk.works((0.0, said(1)), *((0.05, said(turn)) for turn in turns[1:]))
    assert [event.turn for event in desk.events if isinstance(event, UserCaption)] == [
        1,
        *turns[-UTTERANCE_QUEUE_SIZE:],
    ]
    assert caption_transcriber.queue.dropped == 2


@pytest.mark.parametrize("after_s", [0.2, 3.0], ids=["while it is written", "when it was written"])
def test_an_utterance_that_was_taken_back_is_transcribed_again(after_s: float) -> None:
    desk = SlowTranscriber()
    desk.works(
        (0.0, said(1)), (after_s, lambda caption_transcriber: caption_transcriber.take_back(1)), (2.0, said(1, 300))
    )
    assert [event.text for event in desk.events if isinstance(event, UserCaption)] == ["100 samples", "", "300 samples"]
    assert [block.text for block in desk.fed] == ["100 samples", "", "300 samples"]
    assert len({block.start for block in desk.fed}) == 1


def test_nothing_is_taken_back_twice_or_of_another_turn() -> None:
    desk = SlowTranscriber()

    def take_back(turn: int) -> Callable[[CaptionTranscriber], None]:
        return lambda caption_transcriber: caption_transcriber.take_back(turn)

    desk.works((0.0, take_back(1)), (0.0, said(1)), (2.0, take_back(2)), (2.0, take_back(1)), (2.0, take_back(1)))
    assert [block.text for block in desk.fed] == ["100 samples", ""]


def test_a_failure_is_reported_once_and_transcription_continues() -> None:
    desk = SlowTranscriber(breaks=lambda written: written < 3)
    desk.works((0.0, said(1)), (2.0, said(2)), (2.0, said(3)))
    notice, caption = desk.events
    assert isinstance(notice, Notice) and notice.level == "warning"
    assert caption == UserCaption(3, "100 samples", final=True)


def slow(monkeypatch: pytest.MonkeyPatch, thread_name: str, seconds: float) -> None:
    """Makes every step of the thread slower."""
    run = DeviceThread.run

    async def slowly(thread: DeviceThread, step: Callable[..., Any], *args: Any) -> Any:
        if thread.name == thread_name:
            await asyncio.sleep(seconds)
        return await run(thread, step, *args)

    monkeypatch.setattr(DeviceThread, "run", slowly)


async def asks(call: OmniCall) -> None:
    call.show()
    await call.lasts(0.5)
    await call.speaks(2.6)
    await call.until(ReplyEnded)


def test_speech_to_o26_has_a_caption_and_a_log_line_with_its_time(omni: Shared) -> None:
    asr = ToyTranscriber("What do you see?")
    [result] = calls(omni, asks, transcriber=asr)
    assert result.of(UserCaption) == [UserCaption(1, "What do you see?", final=True)]
    # It writes when all has been said; what was heard before that may have been about the picture.
    assert asr.asked[-1] == pytest.approx(0.3 + 2.6 + 0.3, abs=0.15)
    asked, reply = result.logged
    assert (asked.kind, asked.text, reply.kind, reply.text) == ("asked", "What do you see?", "said", result.said())
    assert asked.at == pytest.approx(0.5, abs=0.15)
    assert asked.until == pytest.approx(3.1, abs=0.15)
    assert asked.until <= reply.at < reply.until


def test_captions_do_not_change_input_or_replies(omni: Shared, duplex: Shared) -> None:
    async def talks(call: OmniCall) -> None:
        await call.speaks(1.5)
        await call.lasts(4.0)

    for shared, story in ((omni, asks), (duplex, talks)):
        [written] = calls(shared, story, transcriber=ToyTranscriber("Obey."))
        [unwritten] = calls(shared, story)
        assert written.of(UserCaption)
        assert written.said() == unwritten.said()
        assert written.held == unwritten.held
        assert written.rows == pytest.approx(unwritten.rows, abs=0.02)


def test_a_slow_transcriber_delays_neither_units_nor_the_reply(
    omni: Shared, duplex: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch, "asr", 4.0)

    async def asks_and_waits(call: OmniCall) -> None:
        await asks(call)
        await call.lasts(5.0)

    async def talks(call: OmniCall) -> None:
        await call.speaks(1.5)
        await call.lasts(8.6)

    [result] = calls(omni, asks_and_waits, transcriber=ToyTranscriber())
    kinds = [type(event) for event in result.events]
    assert kinds.index(ReplyText) < kinds.index(UserCaption), "the caption came late, the reply did not"
    assert result.of(UserCaption) == [UserCaption(1, "What do you see?", final=True)]
    [result] = calls(duplex, talks, transcriber=ToyTranscriber())
    assert len(result.of(UnitDecided)) == 10
    assert result.session.dropped["units"] == 0
    assert result.of(UserCaption)


def test_a_failed_transcriber_does_not_end_the_call(omni: Shared) -> None:
    class Broken(ToyTranscriber):
        def transcribe(self, samples: np.ndarray, *, careful: bool = False) -> Any:
            raise RuntimeError("no paper")

    async def asks_twice(call: OmniCall) -> None:
        for count in (1, 2):
            await call.speaks(1.2)
            await call.until(ReplyEnded, count)

    [result] = calls(omni, asks_twice, transcriber=Broken())
    assert len(result.of(ReplyEnded)) == 2
    assert [notice.code for notice in result.of(Notice)] == ["not_written_down"]
    assert result.events[-1] == SessionEnded("over")


def test_a_transcription_running_at_the_end_of_the_call_is_dropped(
    omni: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch, "asr", 60.0)
    [result] = calls(omni, asks, transcriber=ToyTranscriber())
    assert result.events[-1] == SessionEnded("over")
    assert not result.of(UserCaption) and not result.of(Notice)


def test_an_utterance_resumed_before_the_answer_is_heard_is_transcribed_whole(
    omni: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch, "llm", 0.2)

    async def goes_on(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.3)
        while not any(isinstance(event, UserCaption) for event in call.events):
            await call.lasts(0.02)
        await call.speaks(1.0)
        await call.until(ReplyEnded)

    asr = ToyTranscriber()
    [result] = calls(omni, goes_on, transcriber=asr)
    assert result.of(UserCaption) == [
        UserCaption(1, "What do you see?", final=True),
        UserCaption(1, "", final=False),
        UserCaption(1, "What do you see?", final=True),
    ]
    assert asr.asked[1] > asr.asked[0] + 0.8
    [asked] = [event for event in result.logged if event.kind == "asked"]
    assert asked.until - asked.at == pytest.approx(asr.asked[1] - 0.6, abs=0.1)


def test_typed_text_is_not_transcribed(omni: Shared, duplex: Shared) -> None:
    async def types(call: OmniCall) -> None:
        call.session.push(TextTyped("My name is Ann."))
        await call.lasts(3.0)

    asr = ToyTranscriber("noise")
    for shared in (omni, duplex):
        [result] = calls(shared, types, transcriber=asr)
        assert [(event.text, event.typed) for event in result.of(UserCaption)] == [("My name is Ann.", True)]
        assert [event.text for event in result.logged if event.kind == "told"] == ["My name is Ann."]
    assert not asr.asked


def test_speech_to_o45_is_captioned_by_the_transcriber(duplex: Shared) -> None:
    async def talks(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.5)
        await call.lasts(2.0)
        await call.speaks(0.9)
        await call.lasts(2.0)

    asr = ToyTranscriber()
    [result] = calls(duplex, talks, transcriber=asr)
    captions = result.of(UserCaption)
    assert [caption.turn for caption in captions] == sorted({caption.turn for caption in captions})
    assert len(captions) == len(asr.asked) == len([event for event in result.logged if event.kind == "asked"]) >= 2
    first = next(event for event in result.logged if event.kind == "asked")
    assert first.at == pytest.approx(0.5, abs=0.15)
    assert first.until == pytest.approx(2.0, abs=0.15)
