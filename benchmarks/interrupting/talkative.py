"""A server whose assistant says long fixed lines; everything else is the product's. Prints its address."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from dialogue.engines.scripted import ScriptedEngine
from stream.models.parts import Parts, open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from ui.host.home import home
from ui.http.server import serve

SETUP = SETUPS["scripted"]
LINES = (
    "The old bridge was built long before the war, and since then it has carried trains, carts and people over the "
    "river every day. In winter it is covered with ice, and a man with a lamp walks over it before the first train.",
    "There are some things to remember when you bake bread. Use warm water, wait long enough, and do not open the "
    "oven too early. Everything else is a question of taste, of patience and of the flour that your shop has.",
    "A lighthouse keeper writes down the weather every few hours. He notes the wind, the height of the waves, and "
    "every ship that passes on its way to the harbour. At night he listens to the radio and mends his nets.",
    "The garden behind the school has many beds, and each of them belongs to one class. In spring the children plant "
    "beans and carrots, in summer they water them, and in autumn they cook a soup for their parents and teachers.",
    "A good map shows more than roads. It shows where the ground is steep, where a spring can be found, and which path "
    "is closed when the snow melts. A child who learns to read one never sees the same landscape again.",
    "The museum keeps its oldest clocks in a dark room on the upper floor. Every morning a woman winds them one after "
    "the other, which takes an hour, and then all of them strike at almost the same moment.",
    "When the ferry stopped for repairs, the people of the island had to wait many days for bread and letters. They "
    "shared what they had, sang long songs by the fire, and were nearly sorry when the boat came back.",
    "Bees do not sleep in winter. They sit close together, shiver to keep warm, and eat the honey that they made in "
    "summer. On the first mild day some of them fly out, look around, and return at once.",
)


async def main() -> None:
    async def opened() -> Parts:
        parts = await open_parts(SETUP, WeightStore(home()))
        return replace(parts, new_engine=lambda: ScriptedEngine(LINES))

    def ready(url: str) -> None:
        print(url, flush=True)

    await serve(SETUP, opened, "127.0.0.1", 0, cache_dir=home(), on_ready=ready)


if __name__ == "__main__":
    asyncio.run(main())
