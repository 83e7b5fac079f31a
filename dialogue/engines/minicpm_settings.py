"""What the engines of both o models take alike: how little context is too little, and draws that can be repeated."""

from __future__ import annotations

import torch

from dialogue.errors import BadInput
from dialogue.minicpm.checkpoints.model import MiniCPM

LEAST_CONTEXT = 384


def must_suffice(context_tokens: int, model: MiniCPM) -> None:
    """Raises BadInput for a context in which not even the beginning has room."""
    if context_tokens < LEAST_CONTEXT:
        raise BadInput(f"{model.kind.value} needs a context of at least {LEAST_CONTEXT} tokens.")


def generator_for(model: MiniCPM, seed: int | None) -> torch.Generator | None:
    """Of one session; None draws from torch's own."""
    return None if seed is None else torch.Generator(model.decoder.device).manual_seed(seed)
