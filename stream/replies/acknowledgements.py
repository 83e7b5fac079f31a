"""Fills the silence before a late answer: one short phrase in a turn, which is not part of the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dialogue.engine import Engine
from dialogue.requests.acknowledgements import acknowledgement
from stream.languages.spoken_language import SpokenLanguage, code_spoken
from stream.playout.playback import AudioPiece
from stream.playout.speech_synthesis import SpeechSynthesis

# Silence after the user's last sound that a phrase ends.
AFTER_S = 0.7
_KEPT = 8  # phrases whose sound is kept


class Acknowledgements:
    """The phrases of one session. `on` is the user's choice; `language` that of the words said."""

    def __init__(self, speech: SpeechSynthesis, on: bool, language: Callable[[], str]) -> None:
        self.on = on
        self._speech, self._language = speech, language
        self._pieces: dict[str, AudioPiece] = {}

    async def piece(self, asked: str) -> AudioPiece | None:
        """The sound of the phrase that fits what was asked, if one does. It has no text: captions, history and what
        was heard of the reply leave it out."""
        words = acknowledgement(asked, self._language())
        if not words:
            return None
        if words not in self._pieces:
            if len(self._pieces) == _KEPT:
                del self._pieces[next(iter(self._pieces))]
            spoken = await self._speech.say(words)
            self._pieces[words] = replace(spoken, text="", ends=((0.0, 0),), filler=True)
        return self._pieces[words]


def acknowledgements(
    engine: Engine, speech: SpeechSynthesis, language: SpokenLanguage | None, on: bool
) -> Acknowledgements | None:
    """For an engine whose replies are spoken for it, at the end of a turn."""
    if engine.can.speaks or engine.can.duplex:
        return None
    return Acknowledgements(speech=speech, on=on, language=lambda: code_spoken(language))
