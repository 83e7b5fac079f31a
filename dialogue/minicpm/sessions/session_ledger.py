"""Where the pictures, the sound and the words of a prompt stand, as entries of a rolling ledger. Plain arithmetic.

The notes are what is told of an entry that has left; tags and the frames of turns have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.minicpm.chat.embedding import Span
from dialogue.minicpm.chat.request import RequestPrompt

NOTES: dict[Kind, str] = {"picture": "shown", "sound": "heard"}


@dataclass(frozen=True, slots=True)
class Moment:
    """When the parts of a prompt happened, on the session clock, and what was `typed` at the end of them."""

    start: float = 0.0
    end: float = 0.0
    typed: str = ""


def entries_of(
    made: RequestPrompt, words: Vocabulary, step: int, moment: Moment, pinned: bool = False
) -> Iterator[LedgerEntry]:
    """In order; together they are all its tokens. Tags go with what they enclose, "<unit>" with what follows it."""

    def entry(kind: Kind, tokens: int, note: str = "") -> LedgerEntry:
        note = note or NOTES.get(kind, "")
        return LedgerEntry("system" if pinned else kind, tokens, moment.start, moment.end, step, pinned, note=note)

    begun, unit = 0, words.ids(["<unit>"])
    for tag, end, kind in sorted([*_tagged(made.pictures, "picture"), *_tagged(made.sounds, "sound")]):
        start = tag - 1 if tag > begun and made.ids[tag - 1] in unit else tag
        if start > begun:
            yield entry("text", start - begun)
        yield entry(kind, end - start)
        begun = end
    if len(made.ids) > begun:
        yield entry("text", len(made.ids) - begun, moment.typed)


def _tagged(spans: list[Span], kind: Kind) -> list[tuple[int, int, Kind]]:
    return [(start - 1, end + 1, kind) for start, end in spans]
