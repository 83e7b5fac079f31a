"""What a library embeds and orders its findings with. Plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialogue.memory.sentence_embedding import WIDTH

Embed = Callable[[Sequence[str]], NDArray[np.float32]]  # texts to (n, width), each of length one
Rerank = Callable[[str, Sequence[str]], NDArray[np.float32]]  # a question and texts to (n,), 0 .. 1
BUILT_IN = "all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class RetrievalModels:
    """`name` of the embedder, whose vectors have `width` numbers. `unrelated` gives the cosine of texts that have
    nothing to do with one another, which some embedders put far above 0. `rerank`: how well each text answers the
    question."""

    passages: Embed
    question: Embed
    name: str = BUILT_IN
    width: int = WIDTH
    unrelated: Callable[[], float] = float
    rerank: Rerank | None = None

    def similarity(self, cosine: float) -> float:
        """The cosine on the scale of an embedder for which unrelated texts have 0; the thresholds are of that scale."""
        unrelated = self.unrelated()
        return (cosine - unrelated) / (1 - unrelated)
