"""Embeds a prompt: rows of text, with rows of pictures and audio in place of their placeholders.

Placeholders are found in the token ids, between the tags of pictures and of audio.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.decoder import Decoder

Span = tuple[int, int]  # first and one past the last index


def picture_spans(ids: Sequence[int], words: Vocabulary, nested: bool = False) -> list[Span]:
    """Spans of slices in order. With `nested` (2.5) crops have image tags as well."""
    kinds = ["image"] if nested else ["image", "slice"]
    return _spans(ids, {words.id(f"<{kind}>") for kind in kinds}, {words.id(f"</{kind}>") for kind in kinds})


def sound_spans(ids: Sequence[int], words: Vocabulary) -> list[Span]:
    """Spans of audio in order."""
    return _spans(ids, {words.id("<|audio_start|>")}, {words.id("<|audio_end|>")})


def embed(
    decoder: Decoder, ids: Sequence[int], inserted: Sequence[tuple[Sequence[Span], Tensor]] = (), scale: float = 1.0
) -> Tensor:
    """Token ids -> (T, hidden). `inserted` are pairs of spans and the rows (n, hidden) that fill them in order; rows
    need not be split at the spans' boundaries. `scale` multiplies rows of text only."""
    rows = decoder.embed(torch.tensor(ids, dtype=torch.long))
    if scale != 1.0:
        rows = rows * scale
    for spans, features in inserted:
        _fill(rows, spans, features)
    return rows


def _fill(rows: Tensor, spans: Sequence[Span], features: Tensor) -> None:
    wanted = sum(end - start for start, end in spans)
    if wanted != len(features):
        raise BadInput(
            f"The prompt has {wanted} placeholders for pictures or audio, but {len(features)} rows were given."
        )
    begun = 0
    for start, end in spans:
        rows[start:end] = features[begun : begun + end - start].to(rows)
        begun += end - start


def _spans(ids: Sequence[int], starts: set[int], ends: set[int]) -> list[Span]:
    first = [index + 1 for index, number in enumerate(ids) if number in starts]
    last = [index for index, number in enumerate(ids) if number in ends]
    if len(first) != len(last):
        raise BadInput("The prompt has a picture or audio tag that is opened but not closed; close it.")
    return list(zip(first, last, strict=True))
