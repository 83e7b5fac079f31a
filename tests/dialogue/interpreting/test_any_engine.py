"""A conversation of its own for each direction, which ends with the session. Also tests `instructions.py`."""

from __future__ import annotations

import asyncio

from dialogue.blocks import SystemBlock
from dialogue.engines.scripted import ScriptedEngine
from dialogue.interpreting.any_engine import EngineTranslation


def test_each_direction_has_an_engine_and_all_are_closed() -> None:
    engines: list[ScriptedEngine] = []

    def new_engine() -> ScriptedEngine:
        engines.append(ScriptedEngine(["Good morning."]))
        return engines[-1]

    async def story() -> None:
        translation = EngineTranslation(new_engine)
        for source, target in (("es", "en"), ("en", "es"), ("es", "en")):
            said = [piece async for piece in translation.translate("Buenos días.", source, target)]
            assert "".join(said).strip() == "Good morning."
        assert len(engines) == 2 and all(isinstance(engine.fed[0], SystemBlock) for engine in engines)
        assert not any(engine.closed for engine in engines)
        await translation.close()
        assert all(engine.closed for engine in engines)

    asyncio.run(story())
