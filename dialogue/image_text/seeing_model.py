"""A loaded model that sees, with its processor: shared by all sessions and never changed by them.

Whatever `AutoModelForImageTextToText` can open, as long as it is a decoder with a chat template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from dialogue.errors import BadInput
from dialogue.image_text.loading import load_model
from dialogue.image_text.processor import open_processor
from dialogue.image_text.quantising import PackedLinear
from dialogue.image_text.skeleton import config_of
from dialogue.llm.precision import Precision
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

Inputs = dict[str, Any]  # of the model: input_ids (1, T) and what goes with it
PROBE = np.full((64, 64, 3), 128, np.uint8)
FRAME_SIDE = 448
LONGEST_CONTEXT = 8192  # for a model that does not tell its own


class SeeingModel:
    """Use `open_seeing_model`. `name` is what kind of model it is."""

    def __init__(self, name: str, model: nn.Module, processor: Any) -> None:
        self.name, self.model, self._processor = name, model, processor
        self.tokenizer = processor.tokenizer
        self.device = next(model.parameters()).device
        config: Any = model.config
        text = config.get_text_config(decoder=True)
        self.most_tokens = int(getattr(text, "max_position_embeddings", None) or LONGEST_CONTEXT)
        self.stops = _stops(model, self.tokenizer)
        self.picture_token = getattr(config, "image_token_id", None) or getattr(config, "image_token_index", None)
        added = [str(token) for token in self.tokenizer.get_added_vocab()]
        self._special = re.compile("|".join(map(re.escape, sorted(added, key=len, reverse=True))) or "$^")

    @cached_property
    def opening_tokens(self) -> int:
        """By which the assistant's turn is opened."""
        asked = [HistoryTurn("user", ("x",))]
        opened, closed = (self.prompt(asked, opened)["input_ids"].shape[1] for opened in (True, False))
        return max(0, int(opened) - int(closed))

    def prompt(self, turns: Sequence[HistoryTurn], opened: bool = True) -> Inputs:
        """A history, with the assistant's turn `opened`. Raises BadInput for what the processor cannot take."""
        messages = [{"role": turn.role, "content": [self._item(part) for part in turn.parts]} for turn in turns]
        try:
            made = self._processor.apply_chat_template(
                messages, add_generation_prompt=opened, tokenize=True, return_dict=True, return_tensors="pt"
            )
        except Exception as error:  # templates raise jinja's errors, processors whatever they like
            raise BadInput(f"{self.name} cannot take this conversation ({error}).") from error
        return {name: value.to(self.device) if torch.is_tensor(value) else value for name, value in made.items()}

    def plain(self, text: str) -> str:
        """Text from outside, with everything that would be read as a special token broken up."""
        return self._special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)

    def shortened(self, text: str, most: int) -> tuple[str, int]:
        """Text of at most `most` tokens, its middle left out where it is longer; and how many it has."""
        ids = self.tokenizer(self.plain(text), add_special_tokens=False)["input_ids"]
        if len(ids) <= most:
            return text, len(ids)
        half = most // 2 - 4
        return f"{self.text(ids[:half])} ... {self.text(ids[-half:])}", most

    def text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def picture_tokens(self, picture: EncodedPicture) -> int:
        """What a picture takes in a prompt, with the turn around it."""
        return int(self.prompt([HistoryTurn("user", (picture,))])["input_ids"].shape[1])

    def nbytes(self) -> int:
        """Of all weights, quantised ones included."""
        packed = sum(module.nbytes() for module in self.model.modules() if isinstance(module, PackedLinear))
        return packed + sum(parameter.nbytes for parameter in self.model.parameters())

    def _item(self, part: object) -> dict[str, Any]:
        if isinstance(part, EncodedPicture):
            return {"type": "image", "image": _shown(part)}
        assert isinstance(part, str), "these models have no ears"
        return {"type": "text", "text": self.plain(part).strip()}


def _shown(picture: EncodedPicture) -> Image.Image:
    """A frame of a film is made so small that no model of this kind cuts it into slices."""
    image = Image.fromarray(picture.rgb)
    if picture.max_slices == 1:
        image.thumbnail((FRAME_SIDE, FRAME_SIDE))
    return image


def open_seeing_model(folder: Path, precision: Precision = "bfloat16", device: str = "cpu") -> SeeingModel:
    """Load a downloaded folder (blocking); tried once on a small picture. Raises BadInput, saying what to do."""
    name = kind_of(folder)
    processor = open_processor(folder)
    model = load_model(folder, precision, device)
    seeing = SeeingModel(name, model, processor)
    seeing.picture_tokens(EncodedPicture(PROBE))
    return seeing


def kind_of(folder: Path) -> str:
    """The model type of a folder that can be opened here. Raises BadInput for any other."""
    return str(config_of(folder).model_type)


def _stops(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end an answer, by all who know some."""
    found: set[int] = set()
    for each in (model.generation_config.eos_token_id, model.config.get_text_config().eos_token_id):
        found |= set(each) if isinstance(each, list | tuple) else {each}
    ids = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<end_of_utterance>"])
    found |= {tokenizer.eos_token_id, *(each for each in ids if each != tokenizer.unk_token_id)}
    return frozenset(int(each) for each in found if each is not None)
