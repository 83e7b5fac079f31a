"""Opens the processor of a downloaded model (a chat with pictures in, tensors out) by transformers' classes.

Many of these classes need torchvision, mostly for videos; the package registry has no build of it for the CPU-only
torch. Videos reach the model as single pictures, so without torchvision the same classes are assembled without their
video processor, and torch does the two steps that torchvision does for a picture.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL.Image import Resampling
from torch import Tensor
from transformers import AutoConfig, AutoImageProcessor, AutoProcessor, AutoTokenizer
from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
from transformers.utils import is_torchvision_available

from dialogue.errors import BadInput

_MODES = {Resampling.BICUBIC: "bicubic", Resampling.BILINEAR: "bilinear"}


def open_processor(folder: Path) -> Any:
    """The processor in `folder`, with its chat template. Raises BadInput, naming what is missing."""
    try:
        processor = AutoProcessor.from_pretrained(folder)
    except Exception as error:  # any class of transformers may fail, on any of the files
        if is_torchvision_available() or not _needs_torchvision(error):
            raise BadInput(_sentence(folder, error)) from error
        processor = _without_torchvision(folder)
    if not hasattr(processor, "tokenizer"):
        raise BadInput(
            f"{folder} has no processor files (preprocessor_config.json or processor_config.json), without which "
            "the model cannot take pictures; download the complete model."
        )
    if not (processor.chat_template or processor.tokenizer.chat_template):
        raise BadInput(f"The processor in {folder} has no chat template; use a version of the model made for chat.")
    processor.chat_template = processor.chat_template or processor.tokenizer.chat_template
    return processor


def _without_torchvision(folder: Path) -> Any:
    try:
        config = AutoConfig.from_pretrained(folder)
        pictures = _picture_processor(folder, config)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        parts: dict[str, Any] = {"tokenizer": tokenizer, "image_processor": pictures}
        whole: Any = PROCESSOR_MAPPING[type(config)]
        if "video_processor" in whole.get_attributes():
            whole = type(whole.__name__, (_AcceptsAnyVideoProcessor, whole), {})
            parts["video_processor"] = pictures  # only for its settings: it never receives a video
        return whole(**parts, chat_template=_chat_template(folder, tokenizer))
    except Exception as error:
        advice = " It may run with torchvision installed." if _needs_torchvision(error) else ""
        raise BadInput(_sentence(folder, error) + advice) from error


def _picture_processor(folder: Path, config: Any) -> Any:
    classes = IMAGE_PROCESSOR_MAPPING_NAMES.get(config.model_type, {})
    if classes.get("pil") or not classes.get("torchvision"):
        return AutoImageProcessor.from_pretrained(folder, backend="pil") if classes.get("pil") else None
    module = type(config).__module__.replace(".configuration_", ".image_processing_")
    original = getattr(importlib.import_module(module), classes["torchvision"])
    adapted: Any = type(original.__name__, (_InPlainTorch, original), {})
    return adapted.from_pretrained(folder)


class _AcceptsAnyVideoProcessor:
    """Mixin for a processor that checks the class of its video processor."""

    def check_argument_for_proper_class(self, _name: str, argument: object) -> type:
        return type(argument)


class _InPlainTorch:
    """Mixin for an image processor written for torchvision; replaces the steps that call it."""

    def resize(self, image: Tensor, size: Any, resample: Any = None, antialias: bool = True, **_: Any) -> Tensor:
        """Resizes `image` (C, H, W) of uint8 or floats; only to a given height and width."""
        if not (size.height and size.width):
            raise ValueError(f"A size of {size} needs torchvision.")
        mode = _MODES[Resampling(resample)] if resample is not None else "bilinear"
        resized = F.interpolate(image[None].float(), (size.height, size.width), mode=mode, antialias=antialias)[0]
        return resized if image.is_floating_point() else resized.round().clamp(0, 255).to(image.dtype)

    def rescale_and_normalize(
        self, images: Tensor, do_rescale: bool, factor: float, do_normalize: bool, mean: Any, std: Any
    ) -> Tensor:
        """Rescales and normalises `images` (..., C, H, W)."""
        images = images.float() * factor if do_rescale else images.float()
        if do_normalize:
            images = (images - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
        return images


def _chat_template(folder: Path, tokenizer: Any) -> str | None:
    file = folder / "chat_template.jinja"
    return file.read_text(encoding="utf-8") if file.is_file() else tokenizer.chat_template


def _needs_torchvision(error: Exception) -> bool:
    return "torchvision" in str(error).lower()


def _sentence(folder: Path, error: Exception) -> str:
    message = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, ImportError):
        return f"The processor in {folder} needs a package that is not installed ({message})."
    return f"The processor in {folder} cannot be opened ({message}); download the complete model again."
