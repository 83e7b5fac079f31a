"""Where a model is computed: the processor, or a graphics card."""

from __future__ import annotations

import torch

from dialogue.errors import BadInput


def device_for(named: str) -> str:
    """ "auto" is a graphics card if torch finds one. Raises BadInput for a device that is not there."""
    if named == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(named)
    except RuntimeError as error:
        raise BadInput(f"there is no device {named!r}; take auto, cpu, cuda or cuda:1.") from error
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            found = f"{count} of them" if count else "no graphics card"
            raise BadInput(f"torch finds {found} for {named!r} here; take the device {'cuda' if count else 'cpu'}.")
    elif device.type != "cpu":
        try:
            torch.zeros(1, device=device)
        except (RuntimeError, NotImplementedError, AssertionError) as error:
            raise BadInput(f"torch cannot use the device {named!r} here; take the device cpu.") from error
    return named
