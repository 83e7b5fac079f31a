"""Checks by a trial whether a model's prefix cache may be reused, since no config says so.

Some models let every position of a prompt attend to later ones, some number positions by what comes later, some take
no features. If reuse gives other logits than a full prefill, the prefix is not reused; nor is it for sliding window
attention, since a short trial does not fill the window.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dialogue.image_text.image_text_model import ImageTextModel
from dialogue.image_text.prompt_cache import PromptCache
from dialogue.image_text.token_stream import PrefilledReply, TokenStream
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

# Relative to the spread of the logits, in float32 and in 16 bits; measured: 1e-5 and 0.005.
MAX_DISTANCE, MAX_DISTANCE_16_BIT = 1e-3, 0.05
SIZES = ((64, 64), (64, 96))


def can_reuse_prefix(model: ImageTextModel) -> bool:
    """Whether prefix reuse gives the same logits, by three short prompts (blocking)."""
    shades = [np.linspace(0, 255, height * width * 3).reshape(height, width, 3) for height, width in SIZES]
    first, second = (EncodedPicture(shade.astype(np.uint8)) for shade in shades)
    asked = [HistoryTurn("user", (first, "What is this?"))]
    more = [*asked, HistoryTurn("assistant", ("A wall.",)), HistoryTurn("user", (second, "And this?"))]
    try:
        past = PromptCache(model)
        if _prefill(past, asked) is None or (found := _prefill(past, more)) is None:
            return False
        known, made = found
        if past.windowed:
            return False
        wanted = TokenStream(model, model.prompt(more)).logits()
    except Exception:  # a model that does not support this may raise anything
        return False
    return known > 0 and _distance(made, wanted) < (
        MAX_DISTANCE if made.dtype == torch.float32 else MAX_DISTANCE_16_BIT
    )


def _prefill(past: PromptCache, turns: list[HistoryTurn]) -> tuple[int, Tensor] | None:
    """The number of positions that were known of a prompt, and the logits after it."""
    if (prompt := past.prepare(turns)) is None:
        return None
    known, reply = prompt.done, None
    while reply is None:
        reply = past.advance(prompt)
    assert isinstance(reply, PrefilledReply)
    return known, reply.logits


def _distance(made: Tensor, wanted: Tensor) -> float:
    made, wanted = made.float(), wanted.float()
    spread = torch.linalg.vector_norm(wanted - wanted.mean())
    return float(torch.linalg.vector_norm(made - wanted) / spread)
