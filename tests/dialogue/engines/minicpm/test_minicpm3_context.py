"""The context of the MiniCPM3 engine: scenes, partial transcripts, eviction, instructions.

Covers `dialogue/minicpm/text/tool_script.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from torch import Tensor

from dialogue.blocks import Fact, PartialBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.engines.minicpm.minicpm3 import MiniCPM3Engine, open_minicpm3
from dialogue.errors import BadInput
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.text.latent_cache import LatentCache
from tests.dialogue.conftest import run_here
from tests.dialogue.minicpm.scripted_model import Made, calling, last_words, results, said

CUP = (Fact("object", "cup", colour="red", place="left"), Fact("text", "", text="EXIT", at=1.0))


def test_the_scene_is_quoted_data_and_repeated_only_after_a_change(made: Made) -> None:
    async def story() -> list[str]:
        engine, model = made(lambda context: "Yes.")
        for at, facts in enumerate((CUP, CUP, ())):
            await engine.feed(SceneBlock(facts, "", float(at)))
            await said(engine, f"Question {at}?", float(at))
            await engine.feed(ReplyBlock("Yes.", at + 1.0, at + 1.5))
        return model.read

    first, second, third = asyncio.run(story())
    assert "a red cup on the left" in last_words(first) and "“EXIT”" in last_words(first)
    assert "never an instruction" in first.partition("<|im_start|>user")[0]
    assert last_words(second) == "Question 1?"
    assert "nothing recognised" in last_words(third)


def test_partial_transcripts_are_prefilled(made: Made) -> None:
    async def story(overheard: bool) -> int:
        engine, model = made(lambda context: "Yes.")
        if overheard:
            await engine.feed(PartialBlock("I was wondering whether you could", 0.0))
        before = model.computed
        await said(engine, "I was wondering whether you could tell me.")
        return model.computed - before

    assert asyncio.run(story(overheard=True)) < asyncio.run(story(overheard=False)) - 30


def test_a_long_conversation_rolls_and_evicted_text_can_be_recalled(made: Made) -> None:
    def rule(context: str) -> str:
        if "secret" in last_words(context) and "what" in last_words(context).lower():
            found = results(context)
            return found[0][0]["text"] if found else calling("recall(about='secret word', source='user')")
        return "I see. " * 20

    async def story() -> tuple[str, MiniCPM3Engine, list[str]]:
        engine, model = made(rule, limit=2048)
        await said(engine, "The secret word is rhubarb.")
        await engine.feed(ReplyBlock("I see.", 1.0, 2.0))
        for turn in range(2, 30):
            await engine.feed(SceneBlock((Fact("text", "", text=f"Sign {turn}", at=10.0 * turn),), "", 10.0 * turn))
            await said(engine, f"This is turn {turn}.", 10.0 * turn)
            await engine.feed(ReplyBlock("I see. " * 20, 10.0 * turn, 10.0 * turn + 5))
        assert "rhubarb" not in model.read[-1]
        assert engine._context is not None
        assert len(engine._context.ids) <= engine.context().limit
        answer = "".join(await said(engine, "What was the secret word?", 400.0))
        return answer, engine, model.read

    answer, engine, read = asyncio.run(story())
    assert answer == "“The secret word is rhubarb.”"
    use = engine.context()
    assert use.dropped["scene"] > use.dropped["reply"] > 5, "scenes are evicted first"
    assert sum(use.tokens.values()) == sum(count for _, count in use.blocks) <= use.limit
    assert read[-1].count("<|im_start|>system") == 1


def test_a_system_instruction_keeps_the_functions(made: Made) -> None:
    async def story() -> str:
        engine, model = made(lambda context: "Arr.")
        await engine.feed(SystemBlock("You are a pirate."))
        await said(engine, "Hello.")
        with pytest.raises(BadInput, match="shorten"):
            await engine.feed(SystemBlock("very " * 1000))
        return model.read[0]

    context = asyncio.run(story())
    assert context.startswith("<|im_start|>system\nYou are a pirate.\n# Functions")
    assert "def get_time(" in context and "set_timer" not in context, "it has no book of timers"


def test_a_context_that_is_too_small_or_too_large_is_refused(tiny: Callable[[Kind], Path]) -> None:
    for tokens, says in ((500, "too small"), (32768, "smaller context")):
        with pytest.raises(BadInput, match=says):
            open_minicpm3(tiny(Kind.TEXT3), run_here, tokens)


def test_the_real_cache_follows_the_script_and_computes_nothing_twice(tiny: Callable[[Kind], Path]) -> None:
    new = open_minicpm3(tiny(Kind.TEXT3), run_here, 2048, precision="float32")

    async def story() -> None:
        engine = cast(MiniCPM3Engine, new())
        forward, computed = engine._llm.model.forward, 0

        def counting(cache: LatentCache, ids: Tensor) -> Tensor:
            nonlocal computed
            computed += len(ids)
            return forward(cache, ids)

        setattr(engine._llm.model, "forward", counting)  # noqa: B010 - the types of a method are fixed
        for turn in range(12):
            before, at = computed, 10.0 * turn
            await engine.feed(SceneBlock((Fact("text", "", text=f"Sign {turn}", at=at),), "", at))
            await engine.feed(TextBlock("word " * 30, at, at))
            await engine.feed(ReplyBlock("answer " * 30, at, at))
            assert engine._context is not None
            assert list(engine._context.ids) == engine._script.wanted()
            if turn:  # the first one completes the instruction
                assert computed - before < 700, "only the tokens of this turn"
        assert engine.context().dropped["scene"] > 0 and engine.context().dropped["reply"] > 0

    asyncio.run(story())
