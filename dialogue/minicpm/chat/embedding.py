"""Rows of pictures and sound put in their places among the rows of text.

Places are found in the token ids, between the tags of pictures and of sound. Knows neither towers nor prompts.
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
    """Places of slices in order. With `nested` (2.5) crops carry image tags as well."""
    kinds = ["image"] if nested else ["image", "slice"]
    return _spans(ids, {words.id(f"<{kind}>") for kind in kinds}, {words.id(f"</{kind}>") for kind in kinds})


def sound_spans(ids: Sequence[int], words: Vocabulary) -> list[Span]:
    return _spans(ids, {words.id("<|audio_start|>")}, {words.id("<|audio_end|>")})


def speaker_spans(ids: Sequence[int], words: Vocabulary) -> list[Span]:
    """Where o 2.6 leaves the voice it will speak with: read from the hidden states, never written."""
    return _spans(ids, {words.id("<|spk_bos|>")}, {words.id("<|spk_eos|>")})


def embed(
    decoder: Decoder, ids: Sequence[int], pictures: Sequence[tuple[Sequence[Span], Tensor]] = (), scale: float = 1.0
) -> Tensor:
    """Token ids -> (T, hidden). Every pair is places and the rows (n, hidden) that fill them one after the other,
    so that neither places nor clips need to know of each other's boundaries. `scale` is for text only."""
    rows = decoder.embed(torch.tensor(ids, dtype=torch.long))
    if scale != 1.0:
        rows = rows * scale
    for spans, features in pictures:
        _fill(rows, spans, features)
    return rows


def _fill(rows: Tensor, spans: Sequence[Span], features: Tensor) -> None:
    wanted = sum(end - start for start, end in spans)
    if wanted != len(features):
        raise BadInput(f"The prompt has places for {wanted} rows of pictures or sound, but {len(features)} were made.")
    begun = 0
    for start, end in spans:
        rows[start:end] = features[begun : begun + end - start].to(rows)
        begun += end - start


def _spans(ids: Sequence[int], starts: set[int], ends: set[int]) -> list[Span]:
    first = [index + 1 for index, number in enumerate(ids) if number in starts]
    last = [index for index, number in enumerate(ids) if number in ends]
    if len(first) != len(last):
        raise BadInput("A picture or sound tag in the prompt is opened but not closed.")
    return list(zip(first, last, strict=True))
