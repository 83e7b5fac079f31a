"""Which language the user of a session speaks; recognises their words in it, and chooses the voice of the reply.

English is recognised by the small English model alone. Only where that is unsure of its words does the multilingual one
tell the language, by its probabilities of the language tokens. The language of the turn before counts for more, so that
a weak sign changes nothing.
"""

from __future__ import annotations

from typing import Literal

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.models import Recogniser, TranscribesInSteps, VoiceModel
from audio.transcribe import Transcriber, Transcript
from dialogue.languages.detect import language_of
from dialogue.languages.language import CODES, ENGLISH
from dialogue.text.unspaced import is_unspaced
from stream.languages.evidence import DOUBTED, is_clear_sentence, is_foreign, may_be_foreign
from stream.languages.models import LanguageModels, State
from stream.languages.speakers import AUTO, HIBARI, LANGUAGE_OF
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice
from stream.runtime.link import Link
from stream.runtime.spoken import LanguageChanged

# tiny.en is surer of English words than this (0.85 and more for clear speech), and less sure of other languages (0.2
# to 0.6, for sentences of six of them).
SURE = 0.62
# By how much the language of before counts for more than others: in a short sound, and in a longer one.
STAYS_SHORT, STAYS = 2.5, 1.5
SHORT_S = 1.0
# The share of the highest probability from which on the next one is nearly as high.
CLOSE = 0.4
# Shorter sounds, with what lies before the speech, stay English: an "mm-hm" over the reply must be known within 0.35 s.
LEAST_S = 0.8
# The least probability of a language that is taken for a new one: the beginning of a Spanish sentence had 0.08 of
# Portuguese, 0.06 of Spanish, and doubtful English beside them.
LEAST_ODDS = 0.15
# What Whisper calls the speech of these as well.
_ALSO = {"hi": ("ur",), "es": ("ca", "gl")}
MORE = 1.25  # times the sound that was judged: then a turn that is hardly English is judged again
UNSURE = "That may have been another language than English: the settings have a choice of languages."


class SpokenLanguage:
    """One per session. `fixed` is the language that the user chose, else AUTO. `models` None: English alone."""

    def __init__(
        self, english: Recogniser, thread: DeviceThread, models: LanguageModels | None, link: Link, fixed: str = AUTO
    ) -> None:
        self._english, self._thread, self._models, self._link = english, thread, models, link
        self.fixed = AUTO
        self.code = ENGLISH
        self._speakers: dict[str, str] = {}  # those that the user chose, by language
        self._weighed_from, self._weighed = -1.0, 0  # the turn whose language was judged, and by how many samples
        self._shown: set[str] = set()
        if models is not None:
            models.listen(self)
        if fixed != AUTO:
            self._fix(fixed)

    def choose(self, fixed: str) -> None:
        """Fixes the language, or follows the user with AUTO. English alone where there are no models of others."""
        if self._models is not None or fixed == ENGLISH:
            self._fix(fixed)
        self._link.emit(LanguageChanged(self.code, self.fixed != AUTO))

    def _fix(self, fixed: str) -> None:
        self.fixed = fixed
        if fixed != AUTO:
            self.code = fixed
        if self._models is not None and self.code != ENGLISH:
            self._models.want()

    def speak_as(self, speaker: str) -> None:
        """Has a named voice of `stream.languages.speakers` speak its language."""
        self._speakers[LANGUAGE_OF[speaker]] = speaker
        if self._models is not None and speaker != HIBARI:
            self._models.want()

    def _follow(self, code: str) -> None:
        """Takes note of the language that the user speaks; its voices are wanted."""
        if code != self.code:
            self.code = code
            self._link.emit(LanguageChanged(code, self.fixed != AUTO))
        if self._models is not None and code != ENGLISH:
            self._models.want()

    def typed(self, text: str) -> None:
        """Follows the language of typed words."""
        if self.fixed == AUTO and self._models is not None:
            self._follow(language_of(text, self.code))

    async def hear(self, sound: Samples, start_s: float, partial: bool = False) -> Transcript:
        """The words in (n,) samples at 16 kHz of the turn that began at `start_s`, in the language that it is in.

        Cancelled, it ends after the step that runs, where the recogniser has steps. A `partial` one is quick and opens
        no models.
        """
        other = self._models.recogniser if self._models is not None else None
        if self.code == ENGLISH or other is None:
            heard = await self._english_words(sound, partial)
            if not self._is_doubtful(heard, sound):
                return heard
            if not await self._may_judge(heard, sound, partial) or self._was_judged(heard, sound, start_s, partial):
                return heard
            self._weighed_from, self._weighed = start_s, len(sound)
            return await self._in_found_language(sound, heard.confidence) or heard
        heard = await self._other_words(other, sound, partial)
        if self.fixed != AUTO or not self._is_due(heard, len(sound) / HEARING_RATE_HZ, start_s):
            return heard
        return await self._in_found_language(sound, 1.0) or heard

    async def _english_words(self, sound: Samples, partial: bool) -> Transcript:
        if isinstance(self._english, TranscribesInSteps):
            return await self._thread.run_steps(self._english.transcribing(sound, quickly=partial))
        return await self._thread.run(self._english.transcribe, sound)

    async def _other_words(self, other: Transcriber, sound: Samples, partial: bool) -> Transcript:
        return await self._thread.run_steps(other.transcribing(sound, quickly=partial, language=self.code))

    def _is_doubtful(self, heard: Transcript, sound: Samples) -> bool:
        """Whether words that were heard as English may be of another language."""
        short = len(sound) < LEAST_S * HEARING_RATE_HZ
        if self.fixed == ENGLISH or self._models is None or short:
            return False
        return heard.confidence < SURE and heard.no_speech < 1.0

    def _was_judged(self, heard: Transcript, sound: Samples, start_s: float, partial: bool) -> bool:
        """Whether the language of a turn heard as English was judged: once, and words that are hardly English again
        where much more of them is heard."""
        hardly_english = not partial and heard.confidence < DOUBTED
        return start_s == self._weighed_from and not (hardly_english and len(sound) > MORE * self._weighed)

    async def _may_judge(self, heard: Transcript, sound: Samples, partial: bool) -> bool:
        """Whether the multilingual model is there. Only words that are hardly English wait until it is opened, and it
        is fetched only for a clear sentence of them: an answer in English must not wait."""
        assert self._models is not None, "asked only where there are other languages"
        if self._models.recogniser is not None:
            return True
        here = self._models.are_here
        if here or (not partial and is_foreign(heard, sound)):
            self._models.want_hearing()
        elif not partial and is_clear_sentence(sound):
            self._tell_once("language_unsure", UNSURE, "info")
        waits = here and not partial and may_be_foreign(heard, sound)
        return waits and await self._models.hearing() is not None

    def _is_due(self, heard: Transcript, seconds: float, start_s: float) -> bool:
        """Whether the language is to be judged again: once a turn, after its first second, and for doubtful words. A
        short sound changes nothing: whether it interrupts the reply must be known soon."""
        if seconds < LEAST_S:
            return False
        first = seconds >= SHORT_S and start_s != self._weighed_from
        if first:
            self._weighed_from = start_s
        return first or heard.confidence < SURE

    async def _in_found_language(self, sound: Samples, english_confidence: float) -> Transcript | None:
        """The words in another language than so far, if the sound is in one. None where it is not."""
        other = self._models.recogniser if self._models is not None else None
        assert other is not None, "called once the recogniser is there"
        odds = await self._thread.run(other.language_odds, sound)
        found, *close = candidates(odds, self.code, english_confidence, len(sound) / HEARING_RATE_HZ)
        if found == self.code:
            return None
        if found == ENGLISH:
            heard = await self._thread.run(self._english.transcribe, sound)
            if heard.confidence < SURE:
                return None
        else:
            heard = max([await self._heard_in(other, sound, code) for code in (found, *close)], key=_confidence)
        if not heard.text or heard.language == self.code:
            return None
        self._follow(heard.language)
        return heard

    async def _heard_in(self, other: Transcriber, sound: Samples, code: str) -> Transcript:
        return await self._thread.run(lambda: other.transcribe(sound, language=code))

    async def voice_of(self, phrase: str, english: VoiceModel | None, language: str = "") -> VoiceModel | None:
        """The voice that speaks this phrase of a reply, in `language` where that is known; None where there is none
        (yet), which is shown once."""
        code = language or self._language_of_phrase(phrase)
        chosen = self._speakers.get(code, "")
        if code == ENGLISH and chosen in ("", HIBARI):
            return english
        voice = await self._models.speaking(code, chosen) if self._models is not None else None
        if code == ENGLISH:
            return voice or english
        if voice is None and self._models is not None:
            self._tell_once("no_voice", "There is no voice for this language yet; replies are shown as text.")
        return voice

    def _language_of_phrase(self, phrase: str) -> str:
        if is_unspaced(phrase) or self.code not in ("zh", "ja", ENGLISH):
            return language_of(phrase, self.code)
        if self.code == ENGLISH or any(letter.isalpha() for letter in phrase):
            return ENGLISH if self.code == ENGLISH else language_of(phrase)
        return self.code

    def tell(self, state: State, words: str) -> None:
        """Shows how far the fetching is."""
        match state:
            case "fetching":
                text = f"Fetching models of other languages: {words}."
                self._link.emit(Notice("info", "fetching_language", text, {"progress": words}))
            case "ready":
                self._link.emit(Notice("info", "language_ready", "The models of other languages are ready."))
            case "failed":
                self._tell_once("language_missing", f"The models of other languages are missing: {words}.")

    def _tell_once(self, code: str, words: str, level: Literal["info", "warning"] = "warning") -> None:
        if code not in self._shown:
            self._shown.add(code)
            self._link.emit(Notice(level, code, words))


def code_spoken(language: SpokenLanguage | None) -> str:
    """The code of the language that the user speaks; English where nothing is transcribed."""
    return ENGLISH if language is None else language.code


def candidates(odds: dict[str, float], current: str, english_confidence: float, seconds: float) -> list[str]:
    """The language with the highest probability among ours, and the next one where it is nearly as probable: the words
    in both tell then, as of a short sentence in Spanish or Italian. The current one counts for more, and English for
    less the more its recogniser doubts its words. Where none is probable, the current one stays."""

    def heard(code: str) -> float:
        return odds.get(code, 0.0) + sum(odds.get(name, 0.0) for name in _ALSO.get(code, ()))

    def weight(code: str) -> float:
        stays = (STAYS_SHORT if seconds < SHORT_S else STAYS) if code == current else 1.0
        doubted = min(1.0, english_confidence / SURE) ** 2 if code == ENGLISH else 1.0
        return heard(code) * stays * doubted

    first, second = sorted(CODES, key=weight, reverse=True)[:2]
    if heard(first) < LEAST_ODDS:
        return [current]
    return [first, second] if second != ENGLISH and weight(second) > CLOSE * weight(first) else [first]


def _confidence(heard: Transcript) -> float:
    return heard.confidence
