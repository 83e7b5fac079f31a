"""Where a model is computed: the processor, or a graphics card."""

from __future__ import annotations

import torch

from dialogue.errors import BadInput


def device_for(named: str) -> str:
    """ "auto" is a graphics card if torch finds one. Raises BadInput for a card that is not there."""
    if named == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if named.startswith("cuda") and not torch.cuda.is_available():
        raise BadInput(f"torch finds no graphics card for {named!r} here; take the device cpu.")
    return named
