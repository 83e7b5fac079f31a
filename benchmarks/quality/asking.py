"""Asks an engine questions about a scene as a call or a chat request does, and separates rules from the model.

Each question is asked in a conversation of its own. `NoRule` stops the engine where it would turn to its model.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from benchmarks.calls.simulated_call import reply_text
from dialogue.blocks import SceneBlock, TextBlock
from dialogue.engine import Engine
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.shown.shown_thing import ShownThing, View
from stream.requests.message_intake import TakenMessage
from stream.requests.request_answers import answer_by_rule, prompt_of

ASKED_AFTER_S = 2.0
_MODEL_STEPS = ("choose", "advance")


class NoRule(Exception):
    """No rule answers: the model would."""


class RulesOnly:
    """Runs an engine's steps and stops where the model would begin a reply."""

    async def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        if step.__name__ in _MODEL_STEPS or (step.__name__ == "follow" and args[-1] is True):
            raise NoRule
        return step(*args)


async def run_here(step: Callable[..., Any], *args: Any) -> Any:
    """Runs a step at once."""
    return step(*args)


def clock() -> datetime:
    return datetime(2026, 11, 21, 15, 5)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the rules alone, or the model alone. `llm` holds the weights and the style of the default engine."""

    llm: LocalLlm

    async def by_rule(self, question: str, blocks: Sequence[SceneBlock] = (), *, in_call: bool = True) -> str | None:
        """The rules' answer; None where the model would answer."""
        engine = LocalChatEngine(self.llm, RulesOnly(), clock)
        try:
            await _show(engine, blocks)
            return await _asked(engine, question, blocks, in_call)
        except NoRule:
            return None
        finally:
            await engine.close()

    async def by_model(
        self, questions: Sequence[str], blocks: Sequence[SceneBlock] = (), *, in_call: bool = True
    ) -> list[str]:
        """The model's answers, with the rules about the scene and small talk switched off. Each question is taken back
        before the next one, which leaves the scene computed."""
        llm = copy.copy(self.llm)
        llm.style = replace(llm.style, scene_by_rule=frozenset(), by_rule=frozenset())
        replies: list[str] = []
        if not in_call:  # a question may show a picture again
            for question in questions:
                engine = LocalChatEngine(llm, run_here, clock)
                await _show(engine, blocks)
                replies.append(await _asked(engine, question, blocks, in_call, rules=False))
                await engine.close()
            return replies
        engine = LocalChatEngine(llm, run_here, clock)
        await _show(engine, blocks)
        for question in questions:
            mark = await engine.mark()
            replies.append(await _asked(engine, question, blocks, in_call, rules=False))
            await engine.rewind(mark)
        await engine.close()
        return replies


async def _show(engine: Engine, blocks: Sequence[SceneBlock]) -> None:
    for block in blocks:
        await engine.feed(block)


async def _asked(
    engine: Engine, question: str, blocks: Sequence[SceneBlock], in_call: bool, *, rules: bool = True
) -> str:
    taken = TakenMessage(blocks[-1].at if blocks else 0.0, said=[question])
    if not in_call:  # as chat requests do
        taken.pictures += [ShownThing(1, 1, "picture", "picture", (View(block),)) for block in blocks]
        if rules and (known := answer_by_rule(taken, reads=True, hears=False)) is not None:
            return known
        question = await prompt_of(taken, engine, has_rules=rules)
    at = taken.at + ASKED_AFTER_S
    await engine.feed(TextBlock(question, at, at + 1))
    return (await reply_text(engine)).strip()
