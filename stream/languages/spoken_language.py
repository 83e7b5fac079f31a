"""Which language the user of a session speaks; recognises their words in it, and chooses the voice of the reply.

English is recognised by the small English model alone. Only where that is unsure of its words does the multilingual one
tell the language, by its probabilities of the language tokens. The language of the turn before counts for more, so that
a weak sign changes nothing.
"""

from __future__ import annotations

import re

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.models import Recogniser, TranscribesInSteps, VoiceModel
from audio.transcribe import Transcript
from dialogue.languages.detect import language_of
from dialogue.languages.language import CODES, ENGLISH
from stream.languages.models import LanguageModels, State
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice
from stream.runtime.link import Link

AUTO = "auto"
# tiny.en is surer of English words than this (0.85 and more for clear speech), and less sure of other languages (0.2
# to 0.6, for sentences of six of them).
SURE = 0.62
# By how much the language of before counts for more than others: in a short sound, and in a longer one.
STAYS_SHORT, STAYS = 2.5, 1.5
SHORT_S = 1.0
# Shorter sounds, with what lies before the speech, stay English: an "mm-hm" over the reply must be known within 0.35 s.
LEAST_S = 0.8
_HAN = re.compile("[\u3400-\u9fff]")


class SpokenLanguage:
    """One per session. `fixed` is the language that the user chose, else AUTO. `models` None: English alone."""

    def __init__(
        self, english: Recogniser, thread: DeviceThread, models: LanguageModels | None, link: Link, fixed: str = AUTO
    ) -> None:
        self._english, self._thread, self._models, self._link = english, thread, models, link
        self.fixed = AUTO
        self.code = ENGLISH
        self._weighed_from = -1.0  # the turn whose first second was judged
        self._shown: set[str] = set()
        if models is not None:
            models.listen(self)
        self.choose(fixed)

    def choose(self, fixed: str) -> None:
        """Fixes the language, or follows the user with AUTO."""
        self.fixed = fixed
        if fixed != AUTO:
            self.code = fixed
        if self._models is not None and self.code != ENGLISH:
            self._models.want()

    def typed(self, text: str) -> None:
        """Follows the language of typed words."""
        if self.fixed == AUTO and self._models is not None:
            self.code = language_of(text, self.code)
            if self.code != ENGLISH:
                self._models.want()

    async def hear(self, sound: Samples, start_s: float, partial: bool = False) -> Transcript:
        """The words in (n,) samples at 16 kHz of the turn that began at `start_s`, in the language that it is in.

        A `partial` transcript gives way: cancelled, it ends after the step that runs, where the recogniser has steps.
        """
        other = self._models.recogniser if self._models is not None else None
        if self.code == ENGLISH or other is None:
            if partial and isinstance(self._english, TranscribesInSteps):
                heard = await self._thread.run_steps(self._english.transcribing(sound))
            else:
                heard = await self._thread.run(self._english.transcribe, sound)
            short = len(sound) < LEAST_S * HEARING_RATE_HZ
            if self.fixed == ENGLISH or self._models is None or heard.confidence >= SURE or short:
                return heard
            if heard.no_speech == 1.0 or await self._models.hearing() is None:  # there was no sound, or it is fetched
                return heard
            return await self._in_found_language(sound, heard.confidence) or heard
        heard = await self._thread.run(lambda: other.transcribe(sound, language=self.code))
        if self.fixed != AUTO or not self._is_due(heard, len(sound) / HEARING_RATE_HZ, start_s):
            return heard
        return await self._in_found_language(sound, 1.0) or heard

    def _is_due(self, heard: Transcript, seconds: float, start_s: float) -> bool:
        """Whether the language is to be judged again: once a turn, after its first second, and for doubtful words."""
        first = seconds >= SHORT_S and start_s != self._weighed_from
        if first:
            self._weighed_from = start_s
        return first or heard.confidence < SURE

    async def _in_found_language(self, sound: Samples, english_confidence: float) -> Transcript | None:
        """The words in another language than so far, if the sound is in one. None where it is not."""
        other = self._models.recogniser if self._models is not None else None
        assert other is not None, "called once the recogniser is there"
        odds = await self._thread.run(other.language_odds, sound)
        found = likeliest(odds, self.code, english_confidence, len(sound) / HEARING_RATE_HZ)
        if found == self.code:
            return None
        if found == ENGLISH:
            heard = await self._thread.run(self._english.transcribe, sound)
            if heard.confidence < SURE:
                return None
        else:
            heard = await self._thread.run(lambda: other.transcribe(sound, language=found))
        if not heard.text:
            return None
        self.code = found
        return heard

    async def voice_of(self, phrase: str, english: VoiceModel | None) -> VoiceModel | None:
        """The voice that speaks this phrase of a reply; None where there is none (yet), which is shown once."""
        code = self._language_of_phrase(phrase)
        if code == ENGLISH:
            return english
        voice = await self._models.speaking(code) if self._models is not None else None
        if voice is None and self._models is not None:
            self._tell_once("no_voice", "There is no voice for this language yet; replies are shown as text.")
        return voice

    def _language_of_phrase(self, phrase: str) -> str:
        if _HAN.search(phrase):
            return "zh"
        if self.code == ENGLISH:
            return ENGLISH
        if self.code == "zh":
            return language_of(phrase) if any(letter.isalpha() for letter in phrase) else "zh"
        return language_of(phrase, self.code)

    def tell(self, state: State, words: str) -> None:
        """Shows how far the fetching is."""
        match state:
            case "fetching":
                self._link.emit(Notice("info", "fetching_language", f"Fetching models of other languages: {words}."))
            case "ready":
                self._link.emit(Notice("info", "language_ready", "The models of other languages are ready."))
            case "failed":
                self._tell_once("language_missing", f"The models of other languages are missing: {words}.")

    def _tell_once(self, code: str, words: str) -> None:
        if code not in self._shown:
            self._shown.add(code)
            self._link.emit(Notice("warning", code, words))


def likeliest(odds: dict[str, float], current: str, english_confidence: float, seconds: float) -> str:
    """The language with the highest probability among ours. The current one counts for more, and English for less the
    more its recogniser doubts its words."""

    def weight(code: str) -> float:
        stays = (STAYS_SHORT if seconds < SHORT_S else STAYS) if code == current else 1.0
        doubted = min(1.0, english_confidence / SURE) ** 2 if code == ENGLISH else 1.0
        return odds.get(code, 0.0) * stays * doubted

    return max(CODES, key=weight)
