"""Weight-only 8 and 4 bits for a model of transformers: the large matrices of its layers become ours while it loads.

The matrices of the language model's layers are most of the weights. Embeddings, what makes logits, norms, and the
tower that sees keep their dtype. transformers asks a quantiser of its own kind for each tensor that it has read, so
that no more than one matrix is ever held at its full size.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers.core_model_loading import ConversionOps
from transformers.quantizers import HfQuantizer
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from dialogue.llm.linear import Linear, make_linear
from dialogue.llm.precision import Precision

SEEING = ("vision", "visual", "vpm", "merger", "projector", "connector", "image")  # in the names of such modules
SMALLEST = 64  # inputs or outputs: a smaller matrix is not worth it
OURS = "omnilive"  # among the ways to quantise that transformers knows


class PackedLinear(nn.Module):
    """Takes the place of an nn.Linear that has no numbers yet: same in, same out, weights at the precision to which
    `pack` brings them. After that `weight` is empty: some models ask a layer for its dtype and its device."""

    def __init__(self, dense: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = dense.in_features, dense.out_features
        self.weight, self.bias = dense.weight, dense.bias
        self._product: Linear | None = None

    def pack(self, weight: Tensor, precision: Precision, device: torch.device) -> None:
        """`weight` (outputs, inputs) of any float dtype."""
        self._product = make_linear(weight, None, precision, device)
        empty = nn.Parameter(torch.empty(0, dtype=self.weight.dtype, device=device), requires_grad=False)
        empty._is_hf_initialized = True  # type: ignore[attr-defined]  # else transformers would draw it at random
        self.weight = empty

    def forward(self, x: Tensor) -> Tensor:
        assert self._product is not None, "it is packed while the model is loaded"
        y = self._product(x)
        return y if self.bias is None else y + self.bias

    def nbytes(self) -> int:
        """Of the packed weights."""
        return self._product.nbytes() if self._product is not None else 0


def large_matrices(model: nn.Module) -> dict[str, nn.Linear]:
    """The products that are brought to few bits, by name."""
    return {name: each for name, each in model.named_modules() if isinstance(each, nn.Linear) and _is_large(name, each)}


def sees(name: str) -> bool:
    """Whether a module or a weight called so belongs to the tower, or joins it to the language model."""
    return any(word in part for part in name.lower().split(".") for word in SEEING)


def _is_large(name: str, module: nn.Linear) -> bool:
    named = name.endswith("lm_head") or ".layers." not in name
    return type(module) is nn.Linear and not sees(name) and not named and min(module.weight.shape) >= SMALLEST


@register_quantization_config(OURS)
class Packing(QuantizationConfigMixin):
    """What `from_pretrained` is handed: at which precision, and where."""

    def __init__(self, precision: Precision, device: str) -> None:
        self.quant_method: Any = OURS
        self.precision, self.device = precision, device


@register_quantizer(OURS)
class _Packer(HfQuantizer):
    """Used by transformers alone."""

    is_trainable = False

    def is_serializable(self) -> bool:
        return False

    def _process_model_before_weight_loading(self, model: nn.Module, **_: Any) -> None:
        for name, dense in large_matrices(model).items():
            model.set_submodule(name, PackedLinear(dense))

    def param_needs_quantization(self, model: nn.Module, param_name: str, **_: Any) -> bool:
        module, own = param_name.rsplit(".", 1) if "." in param_name else ("", param_name)
        return own == "weight" and isinstance(model.get_submodule(module), PackedLinear)

    def get_quantize_ops(self) -> ConversionOps:
        return _Pack(self.quantization_config)


class _Pack(ConversionOps):
    """Weights as they were read go into their layers; the rest is handed on."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing

    def convert(
        self, input_dict: dict[str, Any], *_: Any, model: nn.Module, missing_keys: set[str] | None = None, **__: Any
    ) -> dict[str, Any]:
        handed_on: dict[str, Any] = {}
        for name, read in input_dict.items():
            layer = model.get_submodule(name.rpartition(".")[0])
            if not isinstance(layer, PackedLinear):
                handed_on[name] = read  # what a converter made beside it
                continue
            weight = read[0] if isinstance(read, list) else read
            layer.pack(weight, self._packing.precision, torch.device(self._packing.device))
            (missing_keys if missing_keys is not None else set()).discard(name)
        return handed_on
