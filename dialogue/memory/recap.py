"""Keeps a few words of the turns that have left a full context, for the end of the system prompt.

By rule, because small models invent facts when they summarise: the user's statements are kept verbatim, shortened;
personal ones are kept longest, questions and replies are left to the event log. The idea of a recap in the system
prompt is MiniCPM-o 4.5's "context" window, which keeps the assistant's words instead. Pure: counts tokens with a
given function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.text.plain_words import plain
from dialogue.text.questions import is_question
from dialogue.text.unspaced import apart, is_unspaced

HEADING = "What the user told you earlier:"

_MOST_WORDS, _MOST_CHARACTERS = 16, 40  # characters of scripts without spaces
# Personal statements: "My dog is called Rex", "I am a vegetarian", "remember that ...", "call me Jo".
_PERSONAL = re.compile(
    r"\b(?:my|mine|our|call me|remember|don't forget"
    r"|i (?:am|live|work|study|like|love|hate|prefer|want|need|have|was|moved|met|put|can not|do not|never|always))\b"
    r"|我(?:们)?(?:的|叫|是|姓|住|在|有|喜欢|讨厌|想|要|不能|不吃|对|把|从不|总是)|记住"
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    personal: bool


class Recap:
    """One per session. Holds at most `most` tokens as `tokens_of` counts them; a full one shrinks to three quarters.

    In between, lines are only added, so that the cached prefix of the recap stays valid.
    """

    def __init__(self, most: int, tokens_of: Callable[[str], int]) -> None:
        self.most, self._tokens_of = most, tokens_of
        self._lines: list[_Line] = []

    @property
    def text(self) -> str:
        """The recap as the model reads it, newest last; may be empty."""
        return "\n".join([HEADING, *(f"- {line.text}" for line in self._lines)]) if self._lines else ""

    def add(self, left: Iterable[LedgerEntry]) -> None:
        """Takes the entries that have left the context, oldest first."""
        for entry in left:
            if entry.kind == "text" and (line := _line(entry.note)):
                self._lines = [old for old in self._lines if plain(old.text) != plain(line.text)]
                self._lines.append(line)
        if self._tokens_of(self.text) > self.most:
            self._shrink(self.most * 3 // 4)

    def forget(self, texts: Collection[str]) -> None:
        """Removes the lines about these turns of the user."""
        shortened = {_short(text) for text in texts}
        self._lines = [line for line in self._lines if line.text not in shortened]

    def _shrink(self, most: int) -> None:
        """Drops other lines before personal ones, the oldest first."""
        while self._lines and self._tokens_of(self.text) > most:
            self._lines.remove(next((line for line in self._lines if not line.personal), self._lines[0]))


def _line(said: str) -> _Line | None:
    """A user's turn in one line; None for questions and very short turns."""
    if is_question(said) or len(apart(plain(said)).split()) < 3:
        return None
    return _Line(_short(said), is_personal(said))


def is_personal(said: str) -> bool:
    """Whether a statement is about the person who makes it."""
    return bool(_PERSONAL.search(plain(said)))


def _short(said: str) -> str:
    """The first sentences that fit into _MOST_WORDS; the beginning of a long first one."""
    if is_unspaced(said):
        return said if len(said) <= _MOST_CHARACTERS else f"{said[:_MOST_CHARACTERS]}..."
    sentences = re.split(r"(?<=[.!?]) ", " ".join(said.split()))
    kept = sentences.pop(0)
    while sentences and len(f"{kept} {sentences[0]}".split()) <= _MOST_WORDS:
        kept += f" {sentences.pop(0)}"
    words = kept.split()
    return kept if len(words) <= _MOST_WORDS else " ".join(words[:_MOST_WORDS]) + " ..."
