"""What is said about the memory itself, in the languages that have a `memory` table. Pure."""

from __future__ import annotations

from dialogue.languages.language import ENGLISH, Language, language
from dialogue.languages.past_words import search_terms as terms_in
from dialogue.languages.past_words import when_was as when_was_in
from dialogue.memory.event_log import Event, EventLog
from dialogue.memory.event_time import when_was
from dialogue.requests.memory_requests import memory_request
from dialogue.text.grammar import counted, sentence
from dialogue.text.scene_phrases import quoted
from dialogue.text.search_terms import search_terms

_ENGLISH = {
    "ask_call": "Shall I forget all of this call?",
    "ask_all": "Shall I forget everything?",
    "ask_many": "I remember {count} about that. Forget them all?",
    "kept_no": "All right, I forget nothing.",
    "what": "Forget what? Say for example: forget everything about my address.",
    "none": "I remember nothing about that.",
    "nothing": "There is nothing to forget yet.",
    "done": "Done, that is forgotten.",
    "known_nothing": "You have told me nothing about yourself yet.",
    "kept": "Yes. What we say is kept in a file on this machine, also after the call. The page called Memory shows it, "
    "and you can tell me to forget something.",
    "not_kept": "No. I remember this call until it ends, and nothing after that.",
}


class MemorySentences:
    """Those of one language, by its code."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._lang: Language | None = None if code == ENGLISH else language(code)

    def __call__(self, key: str, **values: str) -> str:
        """A sentence with its values."""
        sentences = _ENGLISH if self._lang is None else self._lang.table["memory"]["say"]
        return str(sentences[key]).format(**values)

    def terms(self, about: str) -> tuple[tuple[str, ...], ...]:
        """The search terms of a topic."""
        return search_terms(about) if self._lang is None else terms_in(about, self._lang)

    def counted(self, number: int) -> str:
        return counted(number, "thing") if self._lang is None else str(number)

    def is_request(self, text: str) -> bool:
        return memory_request(text, self._code) is not None

    def repeated(self, log: EventLog, event: Event, now: float) -> str:
        """What the user said once, and when."""
        if self._lang is None:
            return sentence(f"{when_was(log, event.at, now, earlier=event.earlier)} you told me: {event.text}")
        when = when_was_in(log, event.at, now, self._lang, earlier=event.earlier)
        return str(self._lang.table["past"]["say"]["told"]).format(when=when, text=quoted(event.text))

    def more(self, number: int, *, kept: bool) -> str:
        """That there are more such lines."""
        if self._lang is not None:
            return self("known_more", count=str(number))
        where = " The page called Memory shows all." if kept else ""
        return f"And {counted(number, 'more thing') if number > 1 else 'one more thing'}.{where}"

    def joined(self, sentences: list[str]) -> str:
        return (" " if self._lang is None or self._lang.spaced else "").join(sentences)
