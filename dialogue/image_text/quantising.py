"""Weight-only quantisation (int8, int4) of a model of transformers while it loads.

Quantises the large matrices of the language model's layers, which are most of the weights. Embeddings, the LM head,
norms and the vision tower keep their dtype. It is a quantiser of transformers' own interface, called for each tensor
that is read, so at most one matrix is in memory at full size.
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

VISION_PARTS = (
    "vision",
    "visual",
    "vpm",
    "merger",
    "projector",
    "connector",
    "image",
)  # in names of modules
MIN_SIDE = 64  # inputs or outputs; a smaller matrix is not quantised
METHOD = "omnilive"  # the name of this method among those of transformers


class PackedLinear(nn.Module):
    """Replaces an nn.Linear that has no values yet; `pack` sets its weights at a precision.

    After that `weight` is empty but keeps its dtype and device, which some models read.
    """

    def __init__(self, dense: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = dense.in_features, dense.out_features
        self.weight, self.bias = dense.weight, dense.bias
        self._product: Linear | None = None

    def pack(self, weight: Tensor, precision: Precision, device: torch.device) -> None:
        """Quantises `weight` (outputs, inputs) of any float dtype."""
        self._product = make_linear(weight, None, precision, device)
        empty = nn.Parameter(torch.empty(0, dtype=self.weight.dtype, device=device), requires_grad=False)
        empty._is_hf_initialized = True  # type: ignore[attr-defined]  # else transformers would initialise it at random
        self.weight = empty

    def forward(self, x: Tensor) -> Tensor:
        assert self._product is not None, "The layer must be packed before use."
        y = self._product(x)
        return y if self.bias is None else y + self.bias

    def nbytes(self) -> int:
        """The size of the packed weights."""
        return self._product.nbytes() if self._product is not None else 0


def large_matrices(model: nn.Module) -> dict[str, nn.Linear]:
    """The layers that are quantised, by name."""
    return {name: each for name, each in model.named_modules() if isinstance(each, nn.Linear) and _is_large(name, each)}


def is_vision_part(name: str) -> bool:
    """Whether a module or weight called `name` is part of the vision tower, or connects it to the language model."""
    return any(word in part for part in name.lower().split(".") for word in VISION_PARTS)


def _is_large(name: str, module: nn.Linear) -> bool:
    in_layer = ".layers." in name and not name.endswith("lm_head")
    return type(module) is nn.Linear and in_layer and not is_vision_part(name) and min(module.weight.shape) >= MIN_SIDE


@register_quantization_config(METHOD)
class Packing(QuantizationConfigMixin):
    """The config for `from_pretrained`: the precision and the device."""

    def __init__(self, precision: Precision, device: str) -> None:
        self.quant_method: Any = METHOD
        self.precision, self.device = precision, device


@register_quantizer(METHOD)
class _Packer(HfQuantizer):
    """The quantiser that transformers calls."""

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
    """Packs the weights of PackedLinear layers as they are read; passes the rest on."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing

    def convert(
        self, input_dict: dict[str, Any], *_: Any, model: nn.Module, missing_keys: set[str] | None = None, **__: Any
    ) -> dict[str, Any]:
        passed_on: dict[str, Any] = {}
        for name, read in input_dict.items():
            layer = model.get_submodule(name.rpartition(".")[0])
            if not isinstance(layer, PackedLinear):
                passed_on[name] = read  # another tensor of a converter
                continue
            weight = read[0] if isinstance(read, list) else read
            layer.pack(weight, self._packing.precision, torch.device(self._packing.device))
            (missing_keys if missing_keys is not None else set()).discard(name)
        return passed_on
