"""Captions in the user's language: sentence by sentence, each once, and none of the user's own.

Also tests `perception_wiring.py`.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from stream.replies.interpreter import Interpreter
from stream.runtime.events import Expressed, UserCaption
from stream.runtime.link import Link
from stream.runtime.translating import Translated
from stream.session.translation_stage import TranslationStage
from tests.stream.replies.test_interpreter import Marking


def test_a_sentence_is_translated_once_it_is_over() -> None:
    events: list[Expressed] = []
    link = Link(now=lambda: 0.0, emit=events.append)
    language = SimpleNamespace(code="es")

    async def story() -> None:
        interpreter = Interpreter(Marking(), link, lambda: "es")
        stage = TranslationStage(interpreter, cast(Any, language), link)
        stage.hear(UserCaption(0, "Antes. De esto.", final=True))  # not switched on
        interpreter.switch("captions", "en")
        working = asyncio.create_task(stage.run())
        for text in ("Hoy hablamos", "Hoy hablamos del mar. El agua", "Hoy hablamos del mar. El agua es azul."):
            stage.hear(UserCaption(1, text, final=False))
        await asyncio.sleep(0.01)
        assert _translations(events) == ["es>en: Hoy hablamos del mar."]
        stage.hear(UserCaption(1, "Hoy hablamos del mar. El agua es azul.", final=True))
        await asyncio.sleep(0.01)
        language.code = "en"
        stage.hear(UserCaption(2, "That is right.", final=True))
        await asyncio.sleep(0.01)
        working.cancel()

    asyncio.run(story())
    assert _translations(events) == ["es>en: Hoy hablamos del mar.", "es>en: El agua es azul."]


def _translations(events: list[Expressed]) -> list[str]:
    return [event.text for event in events if isinstance(event, Translated)]
