"""Weight-only 8 and 4 bits for a model of transformers: the large matrices of its layers become ours.

The matrices of the language model's layers are most of the weights. Embeddings, what makes logits, norms, and the
tower that sees keep their dtype. Each matrix is converted in place, so that the model is never held twice.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dialogue.linear import Precision, make_linear

SEEING = ("vision", "visual", "vpm", "merger", "projector", "connector", "image")  # in the names of such modules
SMALLEST = 64  # inputs or outputs: a smaller matrix is not worth it


def quantise(model: nn.Module, precision: Precision) -> int:
    """Returns how many matrices were converted; none for a float precision."""
    if precision not in ("int8", "int4"):
        return 0
    found = [(name, module) for name, module in model.named_modules() if _is_large(name, module)]
    for name, module in found:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, PackedLinear(module, precision))
    return len(found)


class PackedLinear(nn.Module):
    """Takes the place of an nn.Linear: same in, same out, weights at `precision`."""

    def __init__(self, dense: nn.Linear, precision: Precision) -> None:
        super().__init__()
        self.in_features, self.out_features = dense.in_features, dense.out_features
        bias = None if dense.bias is None else dense.bias.data
        self._product = make_linear(dense.weight.data, bias, precision, dense.weight.device)
        self._dtype = dense.weight.dtype

    @property
    def weight(self) -> Tensor:
        """Empty: some models of transformers ask a layer for its dtype and its device."""
        return torch.empty(0, dtype=self._dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self._product(x)

    def nbytes(self) -> int:
        return self._product.nbytes()


def _is_large(name: str, module: nn.Module) -> bool:
    seeing = any(word in part for part in name.lower().split(".") for word in SEEING)
    named = name.endswith("lm_head") or ".layers." not in name
    return type(module) is nn.Linear and not seeing and not named and min(module.weight.shape) >= SMALLEST
