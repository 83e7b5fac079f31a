"""A local conversation: typed lines one after the other, and a microphone that does not hear the assistant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from audio.chunk import Chunk
from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from stream.runtime.events import (
    AudioReceived,
    Expressed,
    Notice,
    ReplyEnded,
    State,
    StateChanged,
    TextTyped,
    UserCaption,
)
from stream.session.session import Session
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from ui.local.talking import LocalConversation
from ui.local.terminal_captions import TypedDialogue

SETUP = SETUPS["laptop"]


async def lines(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


def typed(engine: ToyEngine, *texts: str) -> list[Expressed]:
    """The events of a keyboard conversation whose voice is discarded."""
    reported: list[Expressed] = []

    async def main() -> None:
        parts = toy_parts(lambda: engine)
        try:
            talking = LocalConversation(Session("talk", parts, SETUP), lambda event, _now: reported.append(event))
            async with asyncio.TaskGroup() as tasks:
                voice = tasks.create_task(talking.discard_voice())
                await talking.run(lambda: lines(*texts))
                voice.cancel()
        finally:
            parts.close()

    run_in_virtual_time(main(), until=1000)
    return reported


def test_every_line_is_answered_before_the_next() -> None:
    engine = ToyEngine(["First answer.", "Second answer."], pace_s=0.2)
    reported = typed(engine, "One?", "   ", "Two?")
    order = [event.text for event in reported if isinstance(event, UserCaption)]
    order += [event.said.strip() for event in reported if isinstance(event, ReplyEnded)]
    assert order == ["One?", "Two?", "First answer.", "Second answer."]
    assert not any(event.cut for event in reported if isinstance(event, ReplyEnded))
    assert [text.strip() for text in engine.conversation] == ["One?", "First answer.", "Two?", "Second answer."]


def test_a_line_that_is_too_long_is_refused_and_the_next_one_answered() -> None:
    reported = typed(ToyEngine(["Fine."]), "x" * 100_000, "Hello?")
    assert [event.code for event in reported if isinstance(event, Notice)] == ["too_long"]
    assert [event.said.strip() for event in reported if isinstance(event, ReplyEnded)] == ["Fine."]


def test_the_end_of_another_reply_is_not_the_answer_to_a_typed_line() -> None:
    reported: list[Expressed] = []

    async def main() -> None:
        parts = toy_parts(lambda: ToyEngine(["A long answer to something else.", "Mine."], pace_s=0.2))
        session = Session("talk", parts, SETUP)

        async def while_it_speaks() -> AsyncIterator[str]:
            session.push(TextTyped("Something else?"))
            await asyncio.sleep(0.9)
            yield "And mine?"

        talking = LocalConversation(session, lambda event, _now: reported.append(event))
        async with asyncio.TaskGroup() as tasks:
            voice = tasks.create_task(talking.discard_voice())
            await talking.run(while_it_speaks)
            voice.cancel()
        parts.close()

    run_in_virtual_time(main(), until=100)
    ended = [event for event in reported if isinstance(event, ReplyEnded)]
    assert [event.cut for event in ended] == [True, False], "the conversation must continue until the line is answered"


def test_a_failed_engine_ends_the_conversation() -> None:
    reported = typed(ToyEngine(["break"]), "Hello?", "Still there?")
    assert [event.code for event in reported if isinstance(event, Notice)] == ["engine_lost"]


def test_the_microphone_stays_open_while_the_assistant_speaks() -> None:
    reported: list[Expressed] = []

    async def main() -> None:
        parts = toy_parts(lambda: ToyEngine(["A very long answer with many words that goes on and on."]))
        session = Session("talk", parts, SETUP)
        talking = LocalConversation(session, lambda event, _now: reported.append(event))

        async def room() -> None:
            loudness, start = 0.5, 0
            while not any(isinstance(event, ReplyEnded) for event in reported):
                states = [event.state for event in reported if isinstance(event, StateChanged)]
                speaking = bool(states) and states[-1] is State.SPEAKING
                loudness = 0.5 if session.now() < 1.0 or speaking else 0.0
                session.push(AudioReceived(Chunk(np.full(320, loudness, np.float32), 16_000, start)))
                session.playback.pull(960)
                start += 320
                await asyncio.sleep(0.02)
            talking.end()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(room())
            await talking.run()
        parts.close()

    run_in_virtual_time(main(), until=100)
    assert [event.cut for event in reported if isinstance(event, ReplyEnded)] == [True]


def test_missing_devices_are_reported() -> None:
    async def main() -> None:
        parts = toy_parts(lambda: ToyEngine(["Hello."]))
        talking = LocalConversation(Session("talk", parts, SETUP), lambda _event, _now: None)
        try:
            advice = r"microphone 'no such thing'|no microphone|PortAudio is not installed"
            with pytest.raises(BadInput, match=advice), talking.microphone("no such thing"):
                pass
        finally:
            parts.close()

    asyncio.run(main())


def test_typed_replies_are_printed_while_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    shown = TypedDialogue()
    for event in typed(ToyEngine(["One two."]), "Hello?"):
        shown.print(event, 0.0)
    assert capsys.readouterr().out == "omnilive> One two. \n"
