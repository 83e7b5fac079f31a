"""The processor of a downloaded model: a chat with pictures in, tensors out, by transformers' own classes.

Many of them want torchvision, for films above all, which has no build beside a torch for processors alone in the
registry that everything else comes from. Films reach us as single pictures, so where torchvision is missing the same
classes are put together without it: the processor for films is left out, and the two steps that a picture takes
through torchvision are done by torch. Knows no model.
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
    """The processor in `folder`; it has a chat template. Raises BadInput, saying what is missing."""
    try:
        processor = AutoProcessor.from_pretrained(folder)
    except Exception as error:  # whatever the file at fault, in whatever class of transformers
        if is_torchvision_available() or not _wants_torchvision(error):
            raise BadInput(_sentence(folder, error)) from error
        processor = _without_torchvision(folder)
    if not hasattr(processor, "tokenizer"):
        raise BadInput(
            f"{folder} has no files of a processor (preprocessor_config.json or processor_config.json), without which "
            "no picture can be given to the model; download it whole."
        )
    if not (processor.chat_template or processor.tokenizer.chat_template):
        raise BadInput(f"The processor in {folder} has no chat template; take a version of the model made for chat.")
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
            whole = type(whole.__name__, (_TakesPicturesForFilms, whole), {})
            parts["video_processor"] = pictures  # for its settings: it is never handed a film
        return whole(**parts, chat_template=_chat_template(folder, tokenizer))
    except Exception as error:
        more = " It may run with torchvision installed." if _wants_torchvision(error) else ""
        raise BadInput(_sentence(folder, error) + more) from error


def _picture_processor(folder: Path, config: Any) -> Any:
    classes = IMAGE_PROCESSOR_MAPPING_NAMES.get(config.model_type, {})
    if classes.get("pil") or not classes.get("torchvision"):
        return AutoImageProcessor.from_pretrained(folder, backend="pil") if classes.get("pil") else None
    module = type(config).__module__.replace(".configuration_", ".image_processing_")
    needing = getattr(importlib.import_module(module), classes["torchvision"])
    mended: Any = type(needing.__name__, (_InPlainTorch, needing), {})
    return mended.from_pretrained(folder)


class _TakesPicturesForFilms:
    """Mixed into a processor that insists on a processor of films."""

    def check_argument_for_proper_class(self, _name: str, argument: object) -> type:
        return type(argument)


class _InPlainTorch:
    """Mixed into a picture processor that has been written for torchvision: what torchvision does inside."""

    def resize(self, image: Tensor, size: Any, resample: Any = None, antialias: bool = True, **_: Any) -> Tensor:
        """`image` (C, H, W) of uint8 or floats; only to a given height and width."""
        if not (size.height and size.width):
            raise ValueError(f"a size of {size} takes torchvision")
        mode = _MODES[Resampling(resample)] if resample is not None else "bilinear"
        made = F.interpolate(image[None].float(), (size.height, size.width), mode=mode, antialias=antialias)[0]
        return made if image.is_floating_point() else made.round().clamp(0, 255).to(image.dtype)

    def rescale_and_normalize(
        self, images: Tensor, do_rescale: bool, factor: float, do_normalize: bool, mean: Any, std: Any
    ) -> Tensor:
        """(..., C, H, W)."""
        images = images.float() * factor if do_rescale else images.float()
        if do_normalize:
            images = (images - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
        return images


def _chat_template(folder: Path, tokenizer: Any) -> str | None:
    file = folder / "chat_template.jinja"
    return file.read_text(encoding="utf-8") if file.is_file() else tokenizer.chat_template


def _wants_torchvision(error: Exception) -> bool:
    return "torchvision" in str(error).lower()


def _sentence(folder: Path, error: Exception) -> str:
    told = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, ImportError):
        return f"The processor in {folder} needs a package that is not here ({told})."
    return f"The processor in {folder} cannot be opened ({told}); download the model again, whole."
