"""Pictures seen once: the features of each, found alone, and handed to a model with the tokens they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch

from dialogue.image_text.seeing_model import SeeingModel
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

OF_TOKENS = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids", "position_ids")
MERGED = ("pooler_output", "deepstack_features")  # what models take up of an encoder's output


@dataclass(frozen=True, slots=True, eq=False)
class PictureFeatures:
    """A picture that was looked at. `tokens` is what it takes in a prompt, with the turn around it; `places` how many
    of them its features stand in; no other picture of the session has its `number`."""

    number: int
    tokens: int
    places: int
    output: Any


@torch.inference_mode()
def look(seeing: SeeingModel, picture: EncodedPicture, number: int) -> PictureFeatures:
    """One step: a picture through the tower, alone."""
    inputs = seeing.prompt([HistoryTurn("user", (picture,))])
    ids = inputs["input_ids"]
    of_picture = {name: value for name, value in inputs.items() if name not in OF_TOKENS}
    model: Any = seeing.model
    output = model.get_image_features(**of_picture, return_dict=True)
    return PictureFeatures(number, ids.shape[1], int((ids == seeing.picture_token).sum()), output)


def together(pictures: Sequence[PictureFeatures]) -> dict[str, Any]:
    """What a model takes for pictures that stand in its input, in their order; {} for none."""
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
            merged[name] = tuple(chain.from_iterable(parts))  # one for each picture or slice
        else:
            merged[name] = [torch.cat(layer) for layer in zip(*parts, strict=True)]
    return {"mm_encoder_outputs": {"image": merged}}
