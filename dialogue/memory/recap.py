"""What is kept in a few words of the turns that have left a full context, to stand behind the instruction.

By rule, because a small model that is asked to summarise makes things up: the user's own statements are kept as they
were said, cut short; what they tell about themselves outlives everything else, questions and our own replies are left
to the event log. The idea of a recap in the system prompt is MiniCPM-o 4.5's "context" window, which keeps the
assistant's words instead. Pure: counts tokens by a function that is handed in, knows no model and no cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.rules.recall_questions import is_question
from dialogue.text.plain_words import plain

HEADING = "What the user told you earlier:"

_MOST_WORDS = 16
# "My dog is called Rex", "I am a vegetarian", "remember that ...", "call me Jo": what a friend would not forget.
_PERSONAL = re.compile(
    r"\b(?:my|mine|our|call me|remember|don't forget"
    r"|i (?:am|live|work|study|like|love|hate|prefer|want|need|have|was|moved|met|put|can not|do not|never|always))\b"
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    personal: bool


class Recap:
    """One session's. Holds at most `most` tokens as `tokens_of` counts them; a full one drops to three quarters.

    Between two such moments lines are only added, so that what was computed of the recap stays good.
    """

    def __init__(self, most: int, tokens_of: Callable[[str], int]) -> None:
        self.most, self._tokens_of = most, tokens_of
        self._lines: list[_Line] = []

    @property
    def text(self) -> str:
        """The recap as the model reads it, newest last; empty if nothing worth keeping has left."""
        return "\n".join([HEADING, *(f"- {line.text}" for line in self._lines)]) if self._lines else ""

    def add(self, left: Iterable[LedgerEntry]) -> None:
        """These entries have left the context, oldest first."""
        for entry in left:
            if entry.kind == "text" and (line := _line(entry.note)):
                self._lines = [old for old in self._lines if plain(old.text) != plain(line.text)]
                self._lines.append(line)
        if self._tokens_of(self.text) > self.most:
            self._shrink(self.most * 3 // 4)

    def _shrink(self, most: int) -> None:
        """Small talk goes before what was told about oneself, the oldest first."""
        while self._lines and self._tokens_of(self.text) > most:
            self._lines.remove(next((line for line in self._lines if not line.personal), self._lines[0]))


def _line(said: str) -> _Line | None:
    """A user's turn in one line; None if it tells nothing."""
    if is_question(said) or len(said.split()) < 3:
        return None
    return _Line(_short(said), bool(_PERSONAL.search(plain(said))))


def _short(said: str) -> str:
    """The first sentences, as many as are short enough together; of a long one its beginning."""
    sentences = re.split(r"(?<=[.!?]) ", " ".join(said.split()))
    kept = sentences.pop(0)
    while sentences and len(f"{kept} {sentences[0]}".split()) <= _MOST_WORDS:
        kept += f" {sentences.pop(0)}"
    words = kept.split()
    return kept if len(words) <= _MOST_WORDS else " ".join(words[:_MOST_WORDS]) + " ..."
