"""Where the pictures, the sound and the words of a prompt stand, as entries of a rolling ledger. Plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

from dialogue.minicpm.embedding import Span
from dialogue.minicpm.request import Prompt
from dialogue.minicpm.vocabulary import Vocabulary
from dialogue.rolling_ledger import Entry, Kind


def entries_of(made: Prompt, words: Vocabulary, step: int, pinned: bool = False) -> Iterator[Entry]:
    """In order; together they are all its tokens. Tags go with what they enclose, "<unit>" with what follows it."""

    def entry(kind: Kind, tokens: int) -> Entry:
        return Entry("system" if pinned else kind, tokens, 0.0, 0.0, step, pinned)

    begun, unit = 0, words.ids(["<unit>"])
    for tag, end, kind in sorted([*_tagged(made.pictures, "picture"), *_tagged(made.sounds, "sound")]):
        start = tag - 1 if tag > begun and made.ids[tag - 1] in unit else tag
        if start > begun:
            yield entry("text", start - begun)
        yield entry(kind, end - start)
        begun = end
    if len(made.ids) > begun:
        yield entry("text", len(made.ids) - begun)


def _tagged(spans: list[Span], kind: Kind) -> list[tuple[int, int, Kind]]:
    return [(start - 1, end + 1, kind) for start, end in spans]
