"""Sound beside the words for a chat server that takes it, and for one that refuses it. Also tests `remote.py`."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from typing import Any

import numpy as np

from dialogue.blocks import SoundBlock, TextBlock
from dialogue.engines.elsewhere.remote import open_remote
from tests.dialogue.engines.elsewhere.test_remote_tools import bodies
from tests.dialogue.remote.faulty_server import GOOD, faulty_server, refused
from tests.dialogue.replies import said


def asked_for(*script: bytes, hears: bool = True) -> list[Any]:
    """The last message of each request that two spoken questions lead to."""

    async def story() -> list[Any]:
        async with faulty_server(*script) as server:
            engine = open_remote(server.url, "any", hears=hears).chat()
            assert engine.can.takes_sound is hears and not engine.can.hears
            for question in ("Who is this?", "And now?"):
                await engine.feed(SoundBlock(np.full(1600, 0.5, np.float32), 0.0))
                await engine.feed(TextBlock(question, 0.0, 0.1))
                assert await said(engine) == "Hello there."
            assert sum(engine.context().tokens.values()) > 0
            await engine.close()
            return [body["messages"][-1]["content"] for body in bodies(server.requests)]

    return asyncio.run(story())


def test_sound_goes_beside_its_words() -> None:
    [first, second] = asked_for(GOOD)
    assert [part["type"] for part in first] == [part["type"] for part in second] == ["input_audio", "text"]
    assert first[1]["text"] == "Who is this?"
    with wave.open(io.BytesIO(base64.b64decode(first[0]["input_audio"]["data"]))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (16_000, 1, 1600)


def test_a_server_that_refuses_sound_is_asked_without_it_from_then_on() -> None:
    for status, words in ((500, "audio input is not supported"), (400, "unknown part")):
        tried, first, second = asked_for(refused(status, words), GOOD)
        assert tried[0]["type"] == "input_audio"
        assert (first, second) == ("Who is this?", "And now?")


def test_no_sound_leaves_the_machine_unasked() -> None:
    assert asked_for(GOOD, hears=False) == ["Who is this?", "And now?"]
