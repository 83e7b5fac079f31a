"""Computes the vision features of each picture once, and passes them to the model with the picture's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch

from dialogue.image_text.image_text_model import ImageTextModel
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

TOKEN_INPUTS = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids", "position_ids")
MERGED = ("pooler_output", "deepstack_features")  # the parts of an encoder's output that models use


@dataclass(frozen=True, slots=True, eq=False)
class PictureFeatures:
    """An encoded picture. `tokens`: its size in a prompt, including the turn around it; `positions`: the number of
    these that its features replace; `number`: unique in the session."""

    number: int
    tokens: int
    positions: int
    output: Any


@torch.inference_mode()
def encode_picture(model: ImageTextModel, picture: EncodedPicture, number: int) -> PictureFeatures:
    """One step: runs the vision tower on a single picture."""
    inputs = model.prompt([HistoryTurn("user", (picture,))])
    ids = inputs["input_ids"]
    pixel_inputs = {name: value for name, value in inputs.items() if name not in TOKEN_INPUTS}
    network: Any = model.model
    output = network.get_image_features(**pixel_inputs, return_dict=True)
    return PictureFeatures(number, ids.shape[1], int((ids == model.picture_token).sum()), output)


def merge_features(pictures: Sequence[PictureFeatures]) -> dict[str, Any]:
    """The keyword arguments that pass the features of `pictures`, in order, to a model; {} for none."""
    if not pictures:
        return {}
    outputs = [each.output for each in pictures]
    merged = type(outputs[0])()
    for name in MERGED:
        parts = [output.get(name) for output in outputs]
        if parts[0] is None:
            continue
        if torch.is_tensor(parts[0]):
            merged[name] = torch.cat(parts)
        elif name == "pooler_output":
            merged[name] = tuple(chain.from_iterable(parts))  # one per picture or slice
        else:
            merged[name] = [torch.cat(layer) for layer in zip(*parts, strict=True)]
    return {"mm_encoder_outputs": {"image": merged}}
