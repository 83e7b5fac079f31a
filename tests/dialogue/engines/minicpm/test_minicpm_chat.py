"""The chat engine: a history is answered as one request, as in the published chat, with pictures, audio and films."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dialogue.blocks import Block, PictureBlock, ReplyBlock, SceneBlock, SoundBlock, SystemBlock, TextBlock
from dialogue.engine import EngineFactories, TextDelta
from dialogue.engines.minicpm.minicpm_chat import INSTRUCTION, MiniCPMChatEngine
from dialogue.engines.minicpm.minicpm_v import MiniCPMVEngine, open_minicpm_v
from dialogue.errors import BadInput
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.chat.conversation import HistoryTurn, answer
from dialogue.minicpm.chat.request import EncodedPicture, EncodedSound
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from tests.dialogue.minicpm.session_inputs import picture

Open = Callable[[Kind], MiniCPM]
RGB = picture(0, 480, 640).rgb
SOUND = np.random.default_rng(1).normal(0, 0.1, 24_000).astype(np.float32)
TONE = (0.5 * np.sin(np.arange(40_000) * 0.2)).astype(np.float32)


async def now(step: Callable[..., Any], *args: Any) -> Any:
    await asyncio.sleep(0)
    return step(*args)


def replied(model: MiniCPM, *blocks: Block) -> str:
    async def whole() -> str:
        chat, text = MiniCPMChatEngine(model, now, GREEDY), ""
        for block in blocks:
            await chat.feed(block)
        async for delta in chat.reply():
            assert isinstance(delta, TextDelta)
            text += delta.text
            if len(text) > 40:
                break
        return text

    return asyncio.run(whole())


def expected(model: MiniCPM, *turns: HistoryTurn) -> str:
    return "".join(answer(model, turns, 64, GREEDY))


@pytest.mark.parametrize("kind", [Kind.V25, Kind.V26, Kind.O26, Kind.O45])
def test_pictures_of_examples_keep_their_positions(model: Open, kind: Kind) -> None:
    """In-context examples: picture, text, picture, text in one turn, after an earlier turn."""
    other = picture(1, 448, 448).rgb
    said = replied(
        model(kind),
        PictureBlock(RGB, 0.0),
        TextBlock("made in 2010", 0, 0),
        ReplyBlock("2010", 0, 0),
        PictureBlock(other, 0.0),
        TextBlock("and this", 0, 0),
        PictureBlock(RGB, 0.0),
        TextBlock("beside this?", 0, 0),
    )
    assert said
    assert expected(
        model(kind),
        HistoryTurn("system", (INSTRUCTION,)),
        HistoryTurn("user", (EncodedPicture(RGB), "made in 2010")),
        HistoryTurn("assistant", ("2010",)),
        HistoryTurn("user", (EncodedPicture(other), "and this", EncodedPicture(RGB), "beside this?")),
    ).startswith(said)


@pytest.mark.parametrize("kind", [Kind.O26, Kind.O45])
def test_a_recording_is_encoded_by_the_model(model: Open, kind: Kind) -> None:
    said = replied(model(kind), SoundBlock(SOUND, 0.0))
    assert said
    turns = (HistoryTurn("system", (INSTRUCTION,)), HistoryTurn("user", (EncodedSound(SOUND),)))
    assert expected(model(kind), *turns).startswith(said)
    assert replied(model(kind), SoundBlock(TONE, 0.0)) != said


def test_frames_of_a_film_take_one_slice_each(model: Open) -> None:
    v26 = model(Kind.V26)
    film = [PictureBlock(RGB, at, of_film=True) for at in range(3)]
    said = replied(v26, *film, TextBlock("What happens?", 0, 0), SceneBlock((), "", 0.0))
    turn = HistoryTurn("user", (*[EncodedPicture(RGB, max_slices=1)] * 3, "What happens?"))
    assert expected(v26, HistoryTurn("system", (INSTRUCTION,)), turn).startswith(said)


def test_audio_is_ignored_without_an_encoder_and_no_question_gets_no_reply(model: Open) -> None:
    assert not replied(model(Kind.V26), SoundBlock(SOUND, 0.0))
    assert not replied(model(Kind.V26), SystemBlock("Be brief."))
    assert not replied(model(Kind.V26), TextBlock("Hello.", 0, 0), ReplyBlock("Hello.", 0, 0))


def test_a_bad_picture_is_refused(model: Open) -> None:
    with pytest.raises(BadInput):
        replied(model(Kind.V26), PictureBlock(np.zeros((0, 4, 3), np.uint8), 0.0), TextBlock("What?", 0, 0))


def test_calls_and_chat_share_the_weights(tiny: Callable[[Kind], Any]) -> None:
    factories = open_minicpm_v(tiny(Kind.V26), now, precision="float32")
    assert isinstance(factories, EngineFactories)
    live, chat = factories(), factories.chat()
    assert isinstance(live, MiniCPMVEngine) and isinstance(chat, MiniCPMChatEngine)
    assert live._model is chat._model
    assert chat.can.in_order and not live.can.in_order
