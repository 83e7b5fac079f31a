"""The event log of the engines of o 2.6 and o 4.5: evicted inputs and spoken text, with session times.

Covers the memory of `dialogue/engines/minicpm/minicpm_o26.py` and `minicpm_o45.py`.

Also tests `dialogue/blocks.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from dialogue.blocks import PictureBlock, ReplyBlock, SoundBlock, TextBlock, TranscriptBlock, UnitBlock
from dialogue.engine import TextDelta
from dialogue.engines.minicpm.minicpm_o26 import MiniCPMO26Engine, MiniCPMO26Model
from dialogue.engines.minicpm.minicpm_o45 import MiniCPMO45Engine, MiniCPMO45Model
from dialogue.memory.event_log import Event, EventKind
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from tests.dialogue.conftest import run_here
from tests.dialogue.minicpm.session_inputs import picture, second

Open = Callable[[Kind], MiniCPM]


def omni(model: Open, context: int = 500) -> MiniCPMO26Engine:
    return MiniCPMO26Model(model(Kind.O26), run_here, context, seed=3)()


def duplex(model: Open, context: int = 500) -> MiniCPMO45Engine:
    return MiniCPMO45Model(model(Kind.O45), run_here, context, seed=3)()


def events(engine: MiniCPMO26Engine | MiniCPMO45Engine, *kinds: EventKind) -> list[Event]:
    return engine._conversation_log.log.events(*kinds)


def unit(at: int, *, shows: bool = False, says: str = "") -> UnitBlock:
    return UnitBlock(second(at), 10.0 + at, picture(at).rgb if shows else None, says)


async def answered(engine: MiniCPMO26Engine, most: int = 4) -> str:
    text = ""
    async for delta in engine.reply():
        if isinstance(delta, TextDelta):
            text += delta.text
            most -= 1
            if not most:
                break
    return text


def test_every_evicted_entry_of_o26_is_a_line_with_its_time(model: Open) -> None:
    async def talk() -> tuple[list[Event], int]:
        engine = omni(model)
        await engine.feed(TextBlock("Please listen.", 9.0, 9.5, typed=True))
        await engine.feed(ReplyBlock("I do.", 9.5, 10.0))
        for at in range(3):
            await engine.feed(unit(at, shows=True))
        await engine.feed(TranscriptBlock("My dog is called Rex.", 10.2, 12.8))
        for at in range(3, 20):
            await engine.feed(unit(at))
        for at in range(8):
            await engine.feed(TextBlock("so " * 30, 30.0 + at, 30.0 + at, typed=True))
        return events(engine, "left"), engine.context().dropped_blocks

    left, dropped = asyncio.run(talk())
    lines = [(event.at, event.until, event.text) for event in left]
    assert ((9.0, 9.5, "You: Please listen.") in lines) and ((9.5, 10.0, "Assistant: I do.") in lines)
    assert [line for line in lines if line[2] == "Picture: shown"] == [
        (10.0 + at, 11.0 + at, "Picture: shown") for at in range(3)
    ]
    sounds = [line for line in lines if line[2] in ("Sound: heard", "You: My dog is called Rex.")]
    assert sounds[0] == (10.0, 11.0, "You: My dog is called Rex.")
    assert [line[0] for line in sounds] == [10.0 + at for at in range(len(sounds))]
    assert {line[2] for line in sounds[1:]} == {"Sound: heard"}
    assert len(lines) <= dropped, "turn markers are evicted without a line"


def test_o26_gets_a_recap_of_evicted_text_of_the_user(model: Open) -> None:
    async def talk() -> MiniCPMO26Engine:
        engine = omni(model, 1600)
        await engine.feed(unit(0))
        await engine.feed(TranscriptBlock("My dog is called Rex.", 10.1, 10.9))
        await engine.feed(ReplyBlock("I see.", 11.0, 12.0))
        assert "recap" not in engine.context().tokens
        for at in range(1, 60):
            await engine.feed(unit(at))
        assert "recap" not in engine.context().tokens, "no recap while the user speaks"
        await engine.feed(ReplyBlock("Go on.", 80.0, 81.0))
        return engine

    engine = asyncio.run(talk())
    assert engine._recap.text == "What the user told you earlier:\n- My dog is called Rex."
    assert engine.context().tokens["recap"] == len(f"\n\n{engine._recap.text}"), "one token a letter in this tokenizer"
    assert engine._session is not None
    assert engine._session.cache.length == engine._session.ledger.tokens


def test_o26_logs_replies_as_heard(model: Open) -> None:
    async def talk() -> list[tuple[EventKind, str, float, float]]:
        engine = omni(model, 2000)
        await engine.feed(unit(0))
        before = await engine.mark()
        await engine.feed(TextBlock("Never", 11.0, 11.0, typed=True))
        await engine.rewind(before)
        await engine.feed(PictureBlock(picture(1).rgb, 11.0))
        await engine.feed(TextBlock("What is that?", 11.5, 12.0, typed=True))
        place = await engine.mark()
        assert await answered(engine)
        await engine.feed(TranscriptBlock("Look.", 10.1, 10.6))
        await engine.rewind(place)
        await engine.feed(ReplyBlock("A c", 12.0, 13.0, cut=True))
        await engine.feed(SoundBlock(second(3), 14.0))
        said = await answered(engine, 1000)
        await engine.feed(ReplyBlock(said, 15.0, 16.0))
        assert engine._session is not None
        last = engine._session.ledger.entries[-1]
        assert (last.kind, last.note, last.start, last.end) == ("reply", said, 15.0, 16.0)
        lines = [(event.kind, event.text, event.at, event.until) for event in events(engine, "told", "asked", "said")]
        assert lines[-1] == ("said", said, 15.0, 16.0)
        return lines[:-1]

    assert asyncio.run(talk()) == [
        ("told", "Look.", 10.1, 10.6),
        ("asked", "What is that?", 11.5, 12.0),
        ("said", "A c", 12.0, 13.0),
    ]


def test_a_transcript_does_not_change_the_context(model: Open) -> None:
    async def rows(words: bool) -> list[np.ndarray]:
        found = []
        for engine in (omni(model), duplex(model)):
            for at in range(2):
                await engine.feed(unit(at))
                if words:
                    await engine.feed(TranscriptBlock("Obey me.", 10.0 + at, 10.5 + at))
            assert engine._session is not None
            cache = engine._session.cache
            found.append(cache.storage[:, :, :, : cache.length].float().numpy().copy())
        return found

    for with_words, without in zip(asyncio.run(rows(True)), asyncio.run(rows(False)), strict=True):
        np.testing.assert_array_equal(with_words, without)


def test_every_evicted_second_of_o45_is_a_line(model: Open) -> None:
    async def talk() -> tuple[MiniCPMO45Engine, list[tuple[int, str]]]:
        engine, evicted, said = duplex(model), 0, dict[int, str]()
        for at in range(14):
            await engine.feed(unit(at, shows=at % 2 == 0, says="Write it down." if at == 5 else ""))
            if at == 5:
                await engine.feed(TranscriptBlock("Good morning.", 11.2, 12.4))
            assert engine._answer is not None
            said[at] = engine._answer.text
            evicted += len(engine._answer.left)
        assert len(events(engine, "left")) == evicted > 6
        return engine, list(said.items())[:evicted]

    engine, said = asyncio.run(talk())
    left = events(engine, "left")
    assert [(event.at, event.until) for event in left] == [(10.0 + at, 11.0 + at) for at, _ in said]
    assert left[0].text == "Sound: heard"
    assert left[1].text.startswith("You: Good morning.")
    assert left[5].text.startswith("You: Write it down.")
    assert [event.text for event in events(engine, "told")] == ["Good morning.", "Write it down."]


def test_o45_logs_the_heard_part_of_an_interrupted_reply(model: Open) -> None:
    async def talk() -> list[tuple[str, float, float]]:
        engine = duplex(model)
        await engine.feed(unit(0))
        await engine.break_off(3, 0.2)
        await engine.feed(ReplyBlock("It i", 10.5, 11.5, cut=True))
        await engine.feed(ReplyBlock("", 11.5, 12.0, cut=True))
        await engine.feed(ReplyBlock("Fine.", 13.0, 14.0))
        return [(event.text, event.at, event.until) for event in events(engine, "said")]

    assert asyncio.run(talk()) == [("It i", 10.5, 11.5), ("Fine.", 13.0, 14.0)]


@pytest.mark.parametrize("kind", [Kind.O26, Kind.O45])
def test_a_picture_of_a_second_at_full_detail_takes_more_of_the_context(model: Open, kind: Kind) -> None:
    wide = np.random.default_rng(1).integers(0, 256, (500, 1000, 3), np.uint8)

    async def picture_tokens(fine: bool) -> int:
        engine = omni(model, 4000) if kind is Kind.O26 else duplex(model, 4000)
        await engine.feed(UnitBlock(second(0), 10.0, wide, fine=fine))
        return engine.context().tokens["picture"]

    assert asyncio.run(picture_tokens(fine=True)) > 2 * asyncio.run(picture_tokens(fine=False))
