"""Live translation in one session: what is asked for, between which languages, and the direction of each utterance."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from dialogue.engine import Translator
from dialogue.interpreting.requests import TranslationRequest, name_of, named_languages, translation_request
from dialogue.languages.language import ENGLISH, language
from stream.replies.drafted import Drafted
from stream.runtime.link import Link
from stream.runtime.translating import Mode, TranslationChanged

_ENGLISH_SAYS = {
    "translating": 'All right, I translate between {mine} and {theirs}. Say "stop translating" when you are done.',
    "translating_any": "All right, I translate. The other person may speak their own language.",
    "captions_on": "All right, I write in {mine} what I hear.",
    "translating_off": "All right, I stop translating.",
    "translate_unable": "I'm sorry, this language model cannot translate.",
}


class Interpreter:
    """`translator` None: the engine's model cannot. `spoken` returns the code of the language that is spoken now."""

    def __init__(self, translator: Translator | None, link: Link, spoken: Callable[[], str]) -> None:
        self._translator, self._link, self._spoken = translator, link, spoken
        self._kept = Drafted(TranslationChanged("off", "", ""), lambda: link.emit(self._kept.accepted))

    @property
    def mode(self) -> Mode:
        return self._kept.value.mode

    @property
    def mine(self) -> str:
        """The language of the user who asked for it."""
        return self._kept.value.mine

    @property
    def theirs(self) -> str:
        """The other language, "" until it is heard or named."""
        return self._kept.value.theirs

    def draft(self) -> None:
        self._kept.draft()

    def settle(self, heard: bool) -> None:
        self._kept.settle(heard)

    def answer(self, text: str, code: str) -> tuple[AsyncGenerator[str, None], str] | None:
        """What is said to words in the language `code`, and in which language: an answer to a request, a translation,
        or nothing. None where the engine answers."""
        if (said := self.request(text, code)) is not None:
            return in_one_piece(said), code
        if self.mode == "off":
            return None
        target = self.target(code) if self.mode == "table" else ""
        return (self.translation(text, code, target) if target else in_one_piece("")), target

    def request(self, text: str, code: str) -> str | None:
        """Does what is asked in `text`, in the language `code`, and returns what is said; None if it is about
        something else."""
        asked = translation_request(text, code)
        if asked is None and self._waits_for_name(code):
            named = [each for each in named_languages(text, code) if each != self.mine]
            asked = TranslationRequest("on", tuple(named[:1])) if len(named) == 1 else None
        if asked is None or (asked.kind == "off" and self.mode == "off"):
            return None
        if asked.kind == "off":
            self._set("off", "", "")
            return _say("translating_off", code)
        if self._translator is None:
            return _say("translate_unable", code)
        if asked.kind == "captions":
            mine = asked.languages[0] if asked.languages else code
            self._set("captions", mine, "")
            return _say("captions_on", code, mine=mine)
        mine, theirs = _pair(code, asked.languages)
        self._set("table", mine, theirs)
        return _say("translating" if theirs else "translating_any", code, mine=mine, theirs=theirs)

    def switch(self, mode: Mode, mine: str) -> str | None:
        """Switches by hand; returns what is to be shown where it cannot be."""
        if mode != "off" and self._translator is None:
            return _say("translate_unable", mine or self._spoken())
        self._set(mode, mine or self._spoken() if mode != "off" else "", "")
        return None

    def target(self, code: str) -> str:
        """The language into which words in `code` are translated; "" where they are not."""
        if self.mode == "off" or self._translator is None:
            return ""
        if code != self.mine:
            if code != self.theirs:
                self._set(self.mode, self.mine, code)
            return self.mine
        return self.theirs if self.mode == "table" else ""

    def translation(self, text: str, source: str, target: str) -> AsyncGenerator[str, None]:
        """The translation piece by piece, for a target that `target` returned."""
        assert self._translator is not None, "there is a target only where there is a translator"
        return self._translator.translate(text, source, target)

    async def prepare(self) -> None:
        """Computes ahead what the translations begin with."""
        if self._translator is None or not (self.mine and self.theirs):
            return
        await self._translator.prepare(self.theirs, self.mine)
        if self.mode == "table":
            await self._translator.prepare(self.mine, self.theirs)

    async def close(self) -> None:
        """Frees what the translations hold."""
        if self._translator is not None:
            await self._translator.close()

    def _waits_for_name(self, code: str) -> bool:
        return self.mode == "table" and not self.theirs and code == self.mine

    def _set(self, mode: Mode, mine: str, theirs: str) -> None:
        changed = TranslationChanged(mode, mine, theirs)
        if changed != self._kept.value:
            self._kept.write(changed)


def _pair(code: str, named: tuple[str, ...]) -> tuple[str, str]:
    """The user's language and the other one, "" where it is not known yet."""
    others = [each for each in named if each != code]
    if len(others) >= 2:
        return others[0], others[1]
    return code, others[0] if others else ""


def _say(key: str, code: str, **languages: str) -> str:
    names = {role: name_of(each, code) for role, each in languages.items() if each}
    return _ENGLISH_SAYS[key].format(**names) if code == ENGLISH else language(code).say(key, **names)


async def in_one_piece(text: str) -> AsyncGenerator[str, None]:
    """The text, as an answer that comes in pieces; none where it is empty."""
    if text:
        yield text
