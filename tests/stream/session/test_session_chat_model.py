"""Calls with a tiny chat model of each family as the LLM. ASR and TTS are toys, the rest is real.

Also tests `stream/runtime/adapting.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dialogue.blocks import Block, PartialBlock, SceneBlock
from dialogue.engine import Engine
from dialogue.engines.chat_model import open_chat_model
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.llm.checkpoints.adapter import Adapter, AdapterChoice
from dialogue.llm.sampling import SamplingConfig
from dialogue.memory.context_window import kind_of
from stream.models.setup import SETUPS
from stream.runtime.adapting import AdapterChosen, AdapterInUse
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import ContextShown, Notice, ReplyEnded, ReplyText, TextTyped
from stream.session.session import Session
from tests.dialogue.chat_models import FAMILIES, write_chat_model
from tests.stream import toy_parts as toy_parts_module
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]
VARIED = SamplingConfig(penalty=1.5)  # greedy, without endless repetition
QUESTION = "Tell me about the sea."
Story = Callable[[SessionCall], Awaitable[None]]


def calls(folder: Path, *stories: Story) -> list[SessionCall]:
    """Runs all calls at once, in one process, with one model on one thread."""

    async def whole(llm: Callable[[], Engine]) -> list[SessionCall]:
        parts = replace(toy_parts(lambda: ToyEngine([]), ToyTranscriber(QUESTION)), new_engine=llm)
        made = [SessionCall(Session(f"s{number}", parts, SETUP)) for number in range(len(stories))]

        async def one(call: SessionCall, story: Story) -> None:
            async with call.running():
                await story(call)

        await asyncio.gather(*(one(call, story) for call, story in zip(made, stories, strict=True)))
        parts.close()
        return made

    with DeviceThread("llm") as thread:
        llm = open_chat_model(
            folder, thread.run, 2048, lambda: datetime(2026, 11, 22, 3), precision="float32", sampling=VARIED
        )
        return run_in_virtual_time(whole(llm), until=600)


async def ended(call: SessionCall, replies: int) -> None:
    for _ in range(300):
        await call.lasts(0.5)
        if len(call.of(ReplyEnded)) >= replies:
            return


def types(*questions: str) -> Story:
    async def story(call: SessionCall) -> None:
        for number, question in enumerate(questions):
            call.session.push(TextTyped(question))
            await ended(call, number + 1)

    return story


def said(call: SessionCall) -> str:
    return "".join(event.text for event in call.of(ReplyText))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_question_is_typed_and_answered_aloud(tmp_path: Path, family: str) -> None:
    write_chat_model(family, tmp_path)
    [call] = calls(tmp_path, types(QUESTION, "And the hills?"))
    assert not call.of(Notice)
    first, second = call.of(ReplyEnded)
    assert first.said + second.said == said(call)
    assert call.heard_s() > 0
    assert call.of(ContextShown)[-1].use.tokens["reply"] > 0


def test_a_question_is_spoken_and_answered(tmp_path: Path) -> None:
    write_chat_model("qwen3", tmp_path)

    async def story(call: SessionCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.5)
        await ended(call, 1)

    [call] = calls(tmp_path, story)
    [reply] = call.of(ReplyEnded)
    assert reply.said and not reply.cut


def test_the_scene_comes_before_the_words_that_are_heard() -> None:
    fed: list[Block] = []

    async def whole() -> None:
        engine = ToyEngine(["Yes."], fed=fed)
        call = SessionCall(Session("s", toy_parts(lambda: engine), SETUP))
        async with call.running():
            await call.speaks(4.0)

    run_in_virtual_time(whole(), until=60)
    kinds = [type(block) for block in fed if isinstance(block, SceneBlock | PartialBlock)]
    assert kinds[0] is SceneBlock and kinds.count(SceneBlock) == 1, "it did not change"
    assert kinds.count(PartialBlock) > 1


def test_an_interruption_leaves_what_was_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy_parts_module, "SECONDS_A_WORD", 4.0)  # such a model knows hardly any spaces
    write_chat_model("qwen3", tmp_path)
    kept: list[tuple[str, str]] = []

    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped(QUESTION))
        while not call.of(ReplyText):
            await call.lasts(0.1)
        await call.lasts(0.5)
        await call.speaks(0.6)
        await ended(call, 1)
        engine = call.session._engine
        assert isinstance(engine, LocalChatEngine)
        kept.extend((kind_of(entry), entry.text) for entry in engine._script.entries if entry.text)
        del kept[2:]

    [call] = calls(tmp_path, story)
    reply = call.of(ReplyEnded)[0]
    assert reply.cut and reply.said.startswith(reply.heard)
    assert kept[0] == ("text", QUESTION)
    heard = ("reply", reply.heard) if reply.heard else ("text", QUESTION)
    assert kept[1:] in ([], [heard])


def test_two_callers_do_not_hear_each_other(tmp_path: Path) -> None:
    write_chat_model("qwen2", tmp_path)
    together = calls(tmp_path, types(QUESTION), types("Who wrote that play?"))
    alone = calls(tmp_path, types(QUESTION))
    assert said(together[0]) == said(alone[0]) != said(together[1])


class AdaptingEngine(ToyEngine):
    """Has two adapters."""

    def __init__(self) -> None:
        super().__init__([])
        law, verse = (Adapter(name, Path(name), {}) for name in ("law", "verse"))
        self.adapters = AdapterChoice([law, verse], lambda: None)


def switched(engine: Callable[[], Engine], *names: str) -> SessionCall:
    """A call in which these adapters are chosen one after the other."""

    async def whole() -> SessionCall:
        parts = toy_parts(engine, ToyTranscriber(QUESTION))
        call = SessionCall(Session("s", parts, SETUP))
        async with call.running():
            for name in names:
                call.session.push(AdapterChosen(name))
                await call.lasts(0.1)
        parts.close()
        return call

    return run_in_virtual_time(whole(), until=60)


def test_adapters_are_named_and_switched_by_the_page() -> None:
    call = switched(AdaptingEngine, "verse", "prose", "")
    assert [used.name for used in call.of(AdapterInUse)] == ["law", "verse", "verse", ""]
    assert call.of(AdapterInUse)[0].names == ("law", "verse")
    assert "no adapter 'prose'" in next(notice.text for notice in call.of(Notice) if notice.code == "no_adapters")


def test_a_model_without_adapters_says_so() -> None:
    call = switched(lambda: ToyEngine([]), "verse")
    assert not call.of(AdapterInUse)
    assert [notice.level for notice in call.of(Notice) if notice.code == "no_adapters"] == ["info"]
