"""Whether a model's computed past may be gone on with: tried out, for nothing in a config tells it.

Some let every place of a prompt see those behind it, some number their places by what comes later, some take no
features. A model for which going on makes other logits than beginning anew is asked to begin anew; so is one whose
layers look back through a window, which no short trial would fill.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dialogue.image_text.past import PromptCache
from dialogue.image_text.seeing_model import SeeingModel
from dialogue.image_text.writing import PrefilledReply, TokenStream
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

FARTHEST, FARTHEST_ROUNDED = 1e-3, 0.05  # of the logits' spread, in float32 and in 16 bits; measured: 1e-5 and 0.005
SIZES = ((64, 64), (64, 96))


def goes_on(seeing: SeeingModel) -> bool:
    """Takes in three short prompts (blocking)."""
    shades = [np.linspace(0, 255, height * width * 3).reshape(height, width, 3) for height, width in SIZES]
    first, second = (EncodedPicture(shade.astype(np.uint8)) for shade in shades)
    asked = [HistoryTurn("user", (first, "What is this?"))]
    more = [*asked, HistoryTurn("assistant", ("A wall.",)), HistoryTurn("user", (second, "And this?"))]
    try:
        past = PromptCache(seeing)
        if _taken_in(past, asked) is None or (found := _taken_in(past, more)) is None:
            return False
        known, made = found
        if past.windowed:
            return False
        wanted = TokenStream(seeing, seeing.prompt(more)).logits()
    except Exception:  # whatever a model makes of a way that it does not know
        return False
    return known > 0 and _distance(made, wanted) < (FARTHEST if made.dtype == torch.float32 else FARTHEST_ROUNDED)


def _taken_in(past: PromptCache, turns: list[HistoryTurn]) -> tuple[int, Tensor] | None:
    """How much was known of a prompt, and the logits behind it."""
    if (prompt := past.lay_out(turns)) is None:
        return None
    known, begun = prompt.done, None
    while begun is None:
        begun = past.advance(prompt)
    assert isinstance(begun, PrefilledReply)
    return known, begun.logits


def _distance(made: Tensor, wanted: Tensor) -> float:
    made, wanted = made.float(), wanted.float()
    spread = torch.linalg.vector_norm(wanted - wanted.mean())
    return float(torch.linalg.vector_norm(made - wanted) / spread)
