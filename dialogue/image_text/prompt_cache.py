"""Prefix cache of one session: a reply prefills only what is new in the history.

Every position of a prompt has a key: a token id, or a negative number for a position of a picture. Two prompts share
the prefix on which their keys agree. A cache that can be cropped is cropped to that prefix. One that cannot (linear
attention) is copied at two positions during prefill, after the last picture and at the end of the user's turn; a copy
that is a prefix of the next prompt is continued. Methods run on the model's thread.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from dialogue.image_text.features import PictureFeatures, encode_picture, merge_features
from dialogue.image_text.image_text_model import ImageTextModel, Inputs
from dialogue.image_text.token_stream import (
    PrefilledReply,
    get_rope_state,
    last_logits_only,
    rope_state_modules,
    set_rope_state,
)
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

PER_TOKEN = ("input_ids", "mm_token_type_ids", "token_type_ids")
STRIDE = 1 << 20  # more positions than a picture can have


@dataclass(frozen=True, slots=True, eq=False)
class CachePoint:
    """A cache of these keys; one that can be cropped may contain more after them."""

    keys: list[int]
    cache: Any


@dataclass(slots=True, eq=False)
class PromptKeys:
    """A tokenised history with `done` positions in the cache; `stages` are the ends of the remaining steps."""

    keys: list[int]
    inputs: Inputs
    pictures: Sequence[PictureFeatures]
    done: int = 0
    cache: Any = None
    stages: list[int] = field(default_factory=list)
    positions: Any = None
    rope_state: list[Any] = field(default_factory=list)


class PromptCache:
    """The prefix cache of one session."""

    def __init__(self, model: ImageTextModel) -> None:
        self._model = model
        self._rope_modules = rope_state_modules(model.model)
        self._features: dict[EncodedPicture, PictureFeatures] = {}
        self._number = 0
        self._points: list[CachePoint] = []

    def encode(self, picture: EncodedPicture) -> int:
        """Encodes a picture that will be part of the history; returns the number of tokens it takes."""
        self._number += 1
        self._features[picture] = encode_picture(self._model, picture, self._number)
        return self._features[picture].tokens

    @property
    def windowed(self) -> bool:
        """Whether the model has layers with sliding window attention."""
        return any(any(point.cache.is_sliding) for point in self._points)

    def clear(self) -> None:
        """Frees all caches and features."""
        self._points, self._features = [], {}

    def prepare(self, turns: Sequence[HistoryTurn]) -> PromptKeys | None:
        """A history with the assistant's turn opened, whose known prefix is done.

        None if the positions cannot be assigned to pictures: then the whole prompt must be prefilled. Raises
        BadInput.
        """
        shown = [part for turn in turns for part in turn.parts if isinstance(part, EncodedPicture)]
        for picture in shown:
            if picture not in self._features:
                self.encode(picture)
        self._features = {picture: self._features[picture] for picture in shown}
        inputs, pictures = self._model.prompt(turns), list(self._features.values())
        keys = inputs["input_ids"][0].tolist()
        positions = [position for position, key in enumerate(keys) if key == self._model.picture_token]
        if len(positions) != sum(each.positions for each in pictures):
            return None
        picture_keys = (-1 - each.number * STRIDE - row for each in pictures for row in range(each.positions))
        for position, key in zip(positions, picture_keys, strict=True):
            keys[position] = key
        prompt = PromptKeys(keys, inputs, pictures)
        self._start(prompt, after_pictures=positions[-1] + 1 if positions else 0)
        return prompt

    @torch.inference_mode()
    def advance(self, prompt: PromptKeys) -> PrefilledReply | None:
        """Prefills one stage of what is new; returns the prefilled reply after the last stage, else None."""
        start, end = prompt.done, prompt.stages.pop(0)
        model: Any = self._model.model
        if prompt.positions is None:
            set_rope_state(self._rope_modules, [None] * len(self._rope_modules))
            prompt.positions = model._prepare_position_ids_for_generation(
                prompt.inputs["input_ids"], dict(prompt.inputs)
            )
            prompt.rope_state = get_rope_state(self._rope_modules)
        set_rope_state(self._rope_modules, prompt.rope_state)
        pictures = [each for each in prompt.pictures if _first_key(each) in set(prompt.keys[start:end])]
        new = {name: prompt.inputs[name][:, start:end] for name in PER_TOKEN if name in prompt.inputs}
        output = model(
            **new,
            **merge_features(pictures),
            position_ids=prompt.positions[..., start:end],
            past_key_values=prompt.cache,
            use_cache=True,
            **last_logits_only(model),
        )
        prompt.cache, prompt.done = output.past_key_values, end
        if is_croppable(prompt.cache):
            self._points = [CachePoint(prompt.keys[:end], prompt.cache)]
        elif prompt.stages:
            self._points.append(CachePoint(prompt.keys[:end], copied(prompt.cache)))
        return None if prompt.stages else PrefilledReply(prompt.cache, output.logits[0, -1], prompt.rope_state)

    def _start(self, prompt: PromptKeys, after_pictures: int) -> None:
        """Continues the longest known prefix."""
        best: CachePoint | None = None
        for point in self._points:
            same = min(_common_prefix(point.keys, prompt.keys), len(prompt.keys) - 1)
            if (is_croppable(point.cache) or same == len(point.keys)) and same > prompt.done:
                best, prompt.done = point, same
        self._points = [best] if best is not None else []
        if best is not None:
            prompt.cache = copied(best.cache)
            if is_croppable(best.cache):
                prompt.cache.crop(prompt.done - prompt.cache.get_seq_length())
        whole = len(prompt.keys)
        stops = (after_pictures, whole - self._model.opening_tokens, whole)
        prompt.stages = [stop for stop in sorted(set(stops)) if stop > prompt.done]


def is_croppable(cache: Any) -> bool:
    """Whether the cache can be cropped anywhere; a sliding window layer claims to be, but is not once it is full."""
    return bool(cache.is_croppable) and not any(cache.is_sliding)


def copied(cache: Any) -> Any:
    """A copy of the cache. A layer that grows by making new tensors shares the existing ones."""
    result = copy.copy(cache)
    result.layers = [copy.copy(each) if each.is_croppable else copy.deepcopy(each) for each in cache.layers]
    return result


def _common_prefix(known: Sequence[int], wanted: Sequence[int]) -> int:
    """The number of equal keys from the start."""
    for position, (one, other) in enumerate(zip(known, wanted, strict=False)):
        if one != other:
            return position
    return min(len(known), len(wanted))


def _first_key(picture: PictureFeatures) -> int:
    return -1 - picture.number * STRIDE
