"""Between replies the engine computes ahead what is seen, and stops at once when something is to be done.

Also tests `orders.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from dialogue.blocks import Block, Fact, PartialBlock, SceneBlock
from dialogue.engine import PrefillsIdle
from stream.replies.orders import PartialHeard, SceneChanged, order_queue
from stream.replies.reply_controller import ReplyController
from stream.runtime.events import ContextShown, Expressed
from tests.stream.toy_parts import ToyEngine

SCENE = SceneBlock((Fact("object", "cup", at=1.0),), "A cup.", 1.0)


@dataclass
class AheadEngine(ToyEngine):
    """Has a number of steps to compute ahead; `during` runs in each."""

    left: int = 5
    during: list[Any] = field(default_factory=list)

    async def prefill_idle(self) -> bool:
        self.left -= 1
        for act in self.during:
            await act(self.left)
        for _ in range(3):  # a step on the model's thread
            await asyncio.sleep(0)
        return self.left > 0


async def carried_out(engine: ToyEngine, orders: Any) -> list[Expressed]:
    """What the stage shows while it carries out the orders that are queued."""
    shown: list[Expressed] = []
    dependencies = SimpleNamespace(
        engine=engine,
        video=SimpleNamespace(scene=SCENE),
        link=SimpleNamespace(emit=shown.append),
        reminders=None,
        interpreter=None,
        unit_prefill=None,
    )
    stage = ReplyController(orders=orders, dependencies=cast(Any, dependencies))
    running = asyncio.create_task(stage.run())
    for _ in range(100):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    return shown


def test_the_scene_is_computed_ahead_while_nothing_is_to_be_done() -> None:
    async def story() -> None:
        engine, orders = AheadEngine([]), order_queue()
        assert isinstance(engine, PrefillsIdle)
        await orders.put(SceneChanged())
        shown = await carried_out(engine, orders)
        assert engine.fed == [SCENE] and engine.left == 0
        assert [type(event) for event in shown] == [ContextShown], "the meter follows"

    asyncio.run(story())


def test_an_order_comes_before_the_rest_of_it() -> None:
    async def story() -> None:
        orders, words = order_queue(), PartialBlock("What is", 2.0)
        left_at_words: list[int] = []

        async def heard(left: int) -> None:
            if left == 3 and not left_at_words:
                await orders.put(PartialHeard(words))

        class NotingEngine(AheadEngine):
            async def feed(self, block: Block) -> None:
                await super().feed(block)
                if block is words:
                    left_at_words.append(self.left)

        engine = NotingEngine([], left=5, during=[heard])
        await orders.put(SceneChanged())
        await carried_out(engine, orders)
        assert engine.fed == [SCENE, words]
        assert left_at_words == [3], "no step more than the one that was running"
        assert engine.left == 0, "and then the rest"

    asyncio.run(story())


def test_an_engine_without_such_steps_is_fed_alone() -> None:
    async def story() -> None:
        engine, orders = ToyEngine([]), order_queue()
        await orders.put(SceneChanged())
        assert await carried_out(engine, orders) == []
        assert engine.fed == [SCENE]

    asyncio.run(story())
