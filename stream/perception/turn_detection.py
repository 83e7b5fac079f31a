"""Estimates in a pause whether the user has finished, from the sound and then from the words as well.

Each estimate goes to `stream.turns` as an event, which decides how much silence ends the turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from audio.chunk import HEARING_RATE_HZ
from audio.models import TurnEndJudge
from audio.turn_end.prosody import Prosody, prosody
from audio.turn_end.smart_turn import WINDOW
from dialogue.engine import SemanticTurnJudge
from dialogue.languages.language import ENGLISH, language
from dialogue.languages.whole_words import are_whole
from stream.languages.evidence import FOREIGN
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.perception.turn_end_model import TurnEndSignals, turn_end_model
from stream.runtime.device_thread import DeviceThread
from stream.turns.decisions import SpokenQuestion

Report = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JudgedWords:
    """What the words of a pause say, as in `TurnEndSignals`."""

    words_end: float | None = None
    text: str = ""
    whole: bool | None = None


NOTHING = JudgedWords()


@dataclass(frozen=True)
class WordsJudge:
    """Judges the words of a pause: English ones by the language model, others by the table of their language."""

    judge: SemanticTurnJudge
    thread: DeviceThread
    transcripts: SpeechTranscripts

    async def judged(self, said: SpokenQuestion) -> JudgedWords:
        """What the words say; nothing where they are hardly understood: noise, or another language that was heard as
        English, reads like a whole sentence."""
        heard = await self.transcripts.final(said)
        if not heard.text:
            return NOTHING
        if heard.language != ENGLISH:
            return JudgedWords(text=heard.text, whole=are_whole(heard.text, language(heard.language)))
        if heard.confidence < FOREIGN:
            return NOTHING
        return JudgedWords(await self.thread.run(self.judge.finished, heard.text), heard.text)


class TurnDetection:
    """The turn detection of one session. Without `words` the sound alone is judged."""

    def __init__(
        self, *, judge: TurnEndJudge, thread: DeviceThread, sound: AudioBuffer, words: WordsJudge | None
    ) -> None:
        self._judge, self._thread, self._sound, self._words = judge, thread, sound, words
        self._model = turn_end_model()
        self._melody: asyncio.Task[tuple[float, Prosody]] | None = None
        self._melody_of = (0.0, 0.0)

    def listen(self, began_at: float, stopped_at: float) -> asyncio.Task[tuple[float, Prosody]]:
        """Begins to judge the sound of a turn up to where it stopped, which may be a pause; once."""
        if self._melody is None or self._melody_of != (began_at, stopped_at):
            self.forget()
            self._melody_of = began_at, stopped_at
            self._melody = asyncio.create_task(self._thread.run(self._hear, began_at, stopped_at), name="melody")
        return self._melody

    def forget(self) -> None:
        """Drops what was not judged yet: the user goes on."""
        if self._melody is not None:
            self._melody.cancel()

    async def estimate(self, said: SpokenQuestion, voice_slope: float, report: Report) -> None:
        """Reports the probability that the user has finished: by what is known first, then by sound and words.

        Words that are there before the sound is judged are reported with the least that the sound could say.
        """
        async with asyncio.TaskGroup() as tasks:
            words = tasks.create_task(self._words_end(said), name="words-end")
            melody = self.listen(said.began_at, said.stopped_at)
            await asyncio.wait({words, melody}, return_when=asyncio.FIRST_COMPLETED)
            if not melody.done():
                known = _weighed(TurnEndSignals(0.0, voice_slope=voice_slope), words.result())
                if known.words_end is not None or known.whole:
                    await report(self._model.probability(known))
            smart_turn, shape = await melody
            signals = TurnEndSignals(smart_turn, voice_slope=voice_slope, prosody=shape)
            if not words.done():
                await report(self._model.probability(signals))
            await report(self._model.probability(_weighed(signals, await words)))

    async def _words_end(self, said: SpokenQuestion) -> JudgedWords:
        return await self._words.judged(said) if self._words is not None else NOTHING

    def _hear(self, began_at: float, stopped_at: float) -> tuple[float, Prosody]:
        window_s = WINDOW / HEARING_RATE_HZ
        start = self._sound.with_pre_roll(began_at)
        heard = self._sound.between(max(start, stopped_at - window_s), stopped_at)
        return self._judge.probability(heard), prosody(self._sound.between(start, stopped_at))


def _weighed(signals: TurnEndSignals, words: JudgedWords) -> TurnEndSignals:
    """The signals, with what the words say."""
    return replace(signals, words_end=words.words_end, text=words.text, whole=words.whole)
