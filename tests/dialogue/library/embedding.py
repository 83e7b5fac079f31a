"""A library in memory whose embedder counts the letters of words: deterministic, and made without weights."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogue.library.library import Library
from dialogue.library.passage import Section
from dialogue.library.question_words import question_words
from dialogue.memory.sentence_embedding import WIDTH


def word_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts with the same words are alike."""
    vectors = np.full((len(texts), WIDTH), 1e-3, np.float32)
    for vector, text in zip(vectors, texts, strict=True):
        for word in question_words(text):
            vector[zlib.crc32(word[:5].encode()) % WIDTH] += 1
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def library_of(**documents: Sequence[tuple[str, str]]) -> Library:
    """Documents by title, each a list of (place, text)."""
    library = Library(None, word_vectors)
    for title, sections in documents.items():
        path = Path(f"/documents/{title}.txt")
        library.begin(path, 1, 1)
        library.append(path, [Section(place, text) for place, text in sections])
        library.complete(path)
    return library
