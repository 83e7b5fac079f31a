"""Stage: writes what is heard in the user's language while it is spoken, as captions; says nothing.

A sentence is translated once the next one has begun, or the turn is decided.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass

from dialogue.engine import Engine, Interprets
from dialogue.interpreting.any_engine import EngineTranslation
from dialogue.text.spoken_text import SENTENCE_BREAK
from stream.languages.spoken_language import SpokenLanguage
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.recording.flight_recorder import FlightRecorder
from stream.replies.interpreter import Interpreter
from stream.runtime.events import Expressed, UserCaption
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest
from stream.runtime.translating import Translated
from stream.session.perception_wiring import spoken_language

MOST_WAITING = 16  # sentences; more are older than anybody reads


@dataclass(frozen=True, slots=True)
class _Heard:
    turn: int
    number: int
    text: str
    code: str


class TranslationStage:
    """The captions of one session."""

    def __init__(self, interpreter: Interpreter, language: SpokenLanguage, link: Link) -> None:
        self.interpreter, self._language, self._link = interpreter, language, link
        self._waiting: DropOldest[_Heard] = DropOldest(MOST_WAITING)
        self._turn, self._done = -1, 0  # sentences of this turn that are translated

    def hear(self, event: Expressed) -> None:
        """Takes the words of the user so far, as the caption shows them."""
        if not isinstance(event, UserCaption) or self.interpreter.mode != "captions":
            return
        if event.turn != self._turn:
            self._turn, self._done = event.turn, 0
        sentences = [part.strip() for part in SENTENCE_BREAK.split(event.text) if part.strip()]
        if not event.final:
            sentences = sentences[:-1]  # it may go on
        for number in range(self._done, len(sentences)):
            self._waiting.put(_Heard(event.turn, number, sentences[number], self._language.code))
        self._done = max(self._done, len(sentences))

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            heard = await self._waiting.get()
            target = self.interpreter.target(heard.code)
            if not target or self.interpreter.mode != "captions":
                continue
            text = ""
            async with aclosing(self.interpreter.translation(heard.text, heard.code, target)) as pieces:
                async for piece in pieces:
                    text += piece
            if text:
                self._link.emit(Translated(heard.turn, heard.number, text, target))


def language_and_translation(
    parts: Parts, engine: Engine, setup: Setup, flight: FlightRecorder, link: Link
) -> tuple[SpokenLanguage | None, TranslationStage | None]:
    """An engine that does not hear translates with its own translator, else as any engine that writes."""
    if (language := spoken_language(parts, setup, link)) is None or engine.can.hears:
        return language, None
    if isinstance(engine, Interprets):
        translator = engine.translator
    else:
        translator = EngineTranslation(parts.new_chat_engine or parts.new_engine)
    stage = TranslationStage(
        interpreter=Interpreter(translator=translator, link=link, spoken=lambda: language.code),
        language=language,
        link=link,
    )
    flight.listeners.append(stage.hear)
    return language, stage
