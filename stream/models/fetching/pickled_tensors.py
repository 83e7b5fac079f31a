"""Converts pickled weights of PyTorch to safetensors, bit for bit.

Files of torch.save are pickles, which can run code when they are read. They are read with torch's restricted loader,
which makes nothing but tensors, and only once: the store keeps the converted file.
"""

from __future__ import annotations

from pathlib import Path

COUNTER = "num_batches_tracked"  # of the training; inference needs none


def to_safetensors(source: Path, target: Path, *, under: str = "", prefixes: tuple[str, ...] = ("",)) -> None:
    """Writes the tensors of `source` to `target`, by name, as they are: those `under` a key of the file, where one is
    given, whose names have one of the `prefixes`. Raises ValueError where it holds others."""
    import torch
    from safetensors.torch import save

    try:
        state = torch.load(source, map_location="cpu", weights_only=True)
        state = state[under] if under else state
    except Exception as error:  # pickles fail in many ways
        raise ValueError(f"{source.name} holds no tensors: {error}") from error
    kept = {
        name: each.contiguous() for name, each in state.items() if name.startswith(prefixes) and COUNTER not in name
    }
    target.write_bytes(save(kept))
