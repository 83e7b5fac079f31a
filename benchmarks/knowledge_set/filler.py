"""Pages that answer none of the questions: they make a library large, so that finding takes as long as in a real one.

The sentences are put together from a vocabulary. Their vectors are not computed one by one, which would take an hour
for 10,000 pages: each passage gets the normalised mean of the true vectors of a few sentences, as a text about a few
things has. The time of a search depends on how many vectors there are, not on what they mean.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogue.library.library import Library
from dialogue.library.models import Embed
from dialogue.library.passage import Section

PASSAGES_A_PAGE = 4
SENTENCES_A_PASSAGE = 5
PAGES_A_DOCUMENT = 100
POOL = 240  # sentences whose vectors are computed

_VOCABULARY = """\
ferry harbour orchard archive turbine ledger canal museum tramway bakery quarry cathedral vineyard workshop parliament
telescope glacier refinery meadow viaduct choir dictionary volcano customs laboratory mill reservoir stadium embassy
sawmill pottery bridge tunnel market regiment printing press satellite greenhouse weaving loom
"""
_THINGS = _VOCABULARY.split()
_KINDS = ("old", "new", "northern", "western", "royal", "public", "private", "wooden", "iron", "annual", "local")
_DEEDS = (
    *("was closed for repairs", "was praised in a report", "belonged to a cooperative", "was moved to the coast"),
    *("was painted by students", "lost its charter", "was visited by a delegation", "was rebuilt after a storm"),
    *("was described in a contract", "had a change of ownership", "was measured by surveyors"),
)
_TIMES = ("in spring", "for nine years", "during the war", "after the vote", "in the same month", "at the end of May")


def sentence(chance: random.Random) -> str:
    kind, thing, deed, time = (chance.choice(pool) for pool in (_KINDS, _THINGS, _DEEDS, _TIMES))
    return f"The {kind} {thing} {deed} {time}, as {chance.choice(_KINDS)} records of the {chance.choice(_THINGS)} show."


class FillingEmbedder:
    """Embeds truly, except while it fills a library."""

    def __init__(self, embed: Embed, seed: int) -> None:
        self._embed, self._chance, self.filling = embed, np.random.default_rng(seed), False
        self._pool = np.zeros((0, 0), np.float32)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self.filling:
            return self._embed(texts)
        if not self._pool.size:
            chance = random.Random(0)
            self._pool = self._embed([sentence(chance) for _ in range(POOL)])
        mixed = self._pool[self._chance.integers(0, POOL, (len(texts), SENTENCES_A_PASSAGE))].mean(1)
        mixed += self._chance.normal(0, 0.01, mixed.shape).astype(np.float32)
        return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def fill(library: Library, embedder: FillingEmbedder, pages: int, seed: int) -> None:
    """Adds this many pages of four passages each."""
    chance = random.Random(seed)
    embedder.filling = True
    for first in range(0, pages, PAGES_A_DOCUMENT):
        path = Path(f"/filler/volume {first // PAGES_A_DOCUMENT + 1}.pdf")
        library.begin(path, 1, 1)
        library.append(
            path,
            [
                Section(f"page {page + 1}", " ".join(sentence(chance) for _ in range(SENTENCES_A_PASSAGE)))
                for page in range(min(PAGES_A_DOCUMENT, pages - first))
                for _ in range(PASSAGES_A_PAGE)
            ],
        )
        library.complete(path)
    embedder.filling = False
