"""The image-text engine (dialogue/engines/image_text.py) and the captioner: turns, interruption, bounded history.

Also tests `captioner.py`, `dialogue/engines/image_text.py`, `tiny.py` and `token_stream.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dialogue.blocks import PictureBlock, ReplyBlock, SystemBlock, TextBlock
from dialogue.engine import EngineFactories, TextDelta
from dialogue.engines.image_text import ImageTextEngine, open_image_text
from dialogue.errors import BadInput
from dialogue.image_text.captioner import Captioner
from dialogue.image_text.image_text_model import ImageTextModel
from dialogue.image_text.tiny import KINDS
from dialogue.image_text.token_stream import TokenStream
from dialogue.llm.sampling import GREEDY
from tests.dialogue.replies import NotedSteps, said

Open = Callable[[str], ImageTextModel]
SIBLINGS = list(KINDS.values())


def session(model: ImageTextModel, limit: int = 4096) -> tuple[ImageTextEngine, NotedSteps]:
    steps = NotedSteps()
    return ImageTextEngine(model, steps, limit, GREEDY), steps


@pytest.mark.parametrize("kind", SIBLINGS)
def test_the_engine_answers_delta_by_delta_from_the_whole_history(open_model: Open, rgb: np.ndarray, kind: str) -> None:
    model = open_model(kind)

    async def talk() -> tuple[str, str]:
        engine, steps = session(model)
        await engine.feed(SystemBlock("Be brief."))
        await engine.feed(PictureBlock(rgb, 0.0))
        await engine.feed(TextBlock("What is this?", 0.0, 1.0))
        first = await said(engine, most=12)
        assert steps.names.count("step") >= 12
        await engine.feed(ReplyBlock("A table.", 1.0, 2.0))
        await engine.feed(TextBlock("And now?", 2.0, 3.0))
        turns = engine._history.turns()
        assert [turn.role for turn in turns] == ["system", "user", "assistant", "user"]
        stream, alone = TokenStream(model, model.prompt(turns)), ""
        while stream.tokens < 8:
            alone += stream.step() or ""
        second = await said(engine, most=12)
        assert second.startswith(alone)
        return first, second

    first, second = asyncio.run(talk())
    assert first and second and first != second


def test_an_interruption_stops_between_two_tokens_and_is_rewound(open_model: Open, rgb: np.ndarray) -> None:
    async def talk() -> None:
        engine, steps = session(open_model("minicpmv4_6"))
        await engine.feed(PictureBlock(rgb, 0.0))
        await engine.feed(TextBlock("What is this?", 0.0, 1.0))
        mark = await engine.mark()
        cut = await said(engine, most=3)
        taken = len(steps.names)
        [spoken] = engine._history.turns()[-1].parts
        assert isinstance(spoken, str) and len(spoken) == len(cut)
        await engine.rewind(mark)
        assert [turn.role for turn in engine._history.turns()] == ["system", "user"]
        await engine.feed(ReplyBlock(cut[:1], 1.0, 1.5, cut=True))
        assert len(steps.names) == taken, "confirming the words that were heard runs no model step"
        assert engine._history.turns()[-1].parts == [cut[:1]]

    asyncio.run(talk())


def test_old_pictures_are_evicted_before_the_context_is_full(open_model: Open, rgb: np.ndarray) -> None:
    async def talk() -> None:
        engine, _ = session(open_model("minicpm_ocr"), limit=3072)
        for turn in range(6):
            await engine.feed(PictureBlock(rgb, turn))
            await engine.feed(TextBlock(f"Question {turn}?", turn, turn))
            assert await said(engine, most=2)
            await engine.feed(ReplyBlock("Yes.", turn, turn))
            inputs = engine._seeing.prompt(engine._history.turns())
            assert inputs["input_ids"].shape[1] + engine._history.reply_tokens <= 3072
        use = engine.context()
        assert use.dropped_blocks >= 2
        assert sum(use.tokens.values()) <= use.limit

    asyncio.run(talk())


def test_every_turn_is_logged_as_it_was_heard(open_model: Open, rgb: np.ndarray) -> None:
    async def talk() -> list[tuple[str, str, float]]:
        engine, _ = session(open_model("minicpmv4_6"))
        await engine.feed(TextBlock("My car is red.", 1.0, 2.0))
        await engine.feed(ReplyBlock("Nice.", 3.0, 4.0))
        before = await engine.mark()
        await engine.feed(TextBlock("What is thi", 5.0, 6.0))
        await engine.rewind(before)
        await engine.feed(TextBlock("What is this?", 5.0, 7.0))
        asked = await engine.mark()
        assert await said(engine, most=3)
        await engine.rewind(asked)
        await engine.feed(ReplyBlock("A ta", 8.0, 9.0, cut=True))
        return [
            (event.kind, event.text, event.until)
            for event in engine._history.record.log.events("told", "asked", "said")
        ]

    assert asyncio.run(talk()) == [
        ("told", "My car is red.", 2.0),
        ("said", "Nice.", 4.0),
        ("asked", "What is this?", 7.0),
        ("said", "A ta", 9.0),
    ]


def test_an_evicted_turn_is_recalled_with_its_time(open_model: Open, rgb: np.ndarray) -> None:
    async def talk() -> tuple[list[TextDelta], list[str]]:
        engine, steps = session(open_model("minicpmv4_6"), 3072)
        await engine.feed(PictureBlock(rgb, 5.0))
        await engine.feed(TextBlock("My sister Ruth is a nurse in Leeds.", 10.0, 11.0))
        await engine.feed(ReplyBlock("How nice.", 12.0, 13.0))
        recent = await asked_about(engine, 20.0)
        assert not any(delta.recalled for delta in recent), "the model itself answers about what is in its context"
        for turn in range(30):
            await engine.feed(TextBlock(f"The garden {turn} is {'so ' * 60} nice.", 60.0 + turn, 60.5 + turn))
            await engine.feed(ReplyBlock(f"Answer {turn}.", 60.6 + turn, 60.9 + turn))
        before = steps.names.count("step")
        answer = await asked_about(engine, 600.0)
        assert steps.names.count("step") == before, "a rule answers, not the model"
        left = engine._history.record.log.events("left")
        assert [(event.at, event.until) for event in left[:3]] == [(5.0, 5.0), (10.0, 11.0), (12.0, 13.0)]
        return answer, [event.text for event in left]

    async def asked_about(engine: ImageTextEngine, at: float) -> list[TextDelta]:
        mark = await engine.mark()
        await engine.feed(TextBlock("What did I tell you about my sister?", at, at))
        deltas: list[TextDelta] = []
        async for delta in engine.reply():
            assert isinstance(delta, TextDelta)
            deltas.append(delta)
            if len(deltas) == 2:
                break
        await engine.rewind(mark)
        return deltas

    answer, left = asyncio.run(talk())
    assert [(delta.text, delta.recalled) for delta in answer] == [
        ("About ten minutes ago you told me: My sister Ruth is a nurse in Leeds.", 10.0)
    ]
    assert left[:3] == ["Picture: shown", "You: My sister Ruth is a nurse in Leeds.", "Assistant: How nice."]


def test_a_chat_request_keeps_its_order_and_has_room_for_a_video(
    sibling: Callable[[str], Any], rgb: np.ndarray
) -> None:
    async def talk() -> None:
        factories = open_image_text(sibling("minicpmv4_6"), NotedSteps(), 4096, precision="float32")
        assert isinstance(factories, EngineFactories)
        chat = factories.chat()
        assert isinstance(chat, ImageTextEngine)
        for at in range(64):
            await chat.feed(PictureBlock(rgb, at, of_film=True))
        await chat.feed(TextBlock("This is a film. And this", 0, 0))
        await chat.feed(PictureBlock(rgb, 64))
        assert await said(chat, most=2)
        parts = chat._history.turns()[1].parts
        assert [isinstance(part, str) for part in parts] == [*[False] * 64, True, False]
        live = factories()
        assert isinstance(live, ImageTextEngine)
        assert live._history.limit == 4096

    asyncio.run(talk())


def test_the_engine_opens_by_name_and_refuses_invalid_settings(sibling: Callable[[str], Any], runner: Any) -> None:
    folder = sibling("minicpmv4_7")
    engine = open_image_text(folder, runner, 4096, precision="float32")()
    assert engine.can.sees and not engine.can.hears and not engine.can.speaks
    with pytest.raises(BadInput, match="has a context of"):
        open_image_text(folder, runner, 10**6, precision="float32")
    with pytest.raises(BadInput, match="too small"):
        open_image_text(folder, runner, 100, precision="float32")


@pytest.mark.parametrize("kind", SIBLINGS)
def test_a_picture_is_described_in_bounded_steps(open_model: Open, rgb: np.ndarray, kind: str) -> None:
    steps = NotedSteps()
    caption = asyncio.run(Captioner(open_model(kind)).describe(rgb, steps))
    assert caption and caption == " ".join(caption.split())
    assert steps.names[0] == "prompt"
    assert 1 < steps.names.count("step") <= 65
    other = asyncio.run(Captioner(open_model(kind)).describe(255 - rgb[:100, :300], steps))
    assert other != caption, "the caption depends on the picture"
