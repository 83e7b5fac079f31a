"""What one session's model has computed of its history, so that a reply takes in only what is new.

Every place of a prompt has a key: the id of a token, or a negative number for a place of a picture. Two prompts agree
as far as their keys do. A cache that can be cut is cut to there. One that cannot (linear attention) is copied
at two places on the way: behind the last picture, and at the end of the user's turn; whichever copy is a beginning of
the next prompt is gone on with. Methods run on the model's own thread.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from dialogue.image_text.features import PictureFeatures, look, together
from dialogue.image_text.seeing_model import Inputs, SeeingModel
from dialogue.image_text.writing import PrefilledReply, holders, keep_few, remember, remembered
from dialogue.minicpm.chat.conversation import HistoryTurn
from dialogue.minicpm.chat.request import EncodedPicture

PER_TOKEN = ("input_ids", "mm_token_type_ids", "token_type_ids")
STRIDE = 1 << 20  # more places than a picture can have


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A cache that holds these keys; if it can be cut, perhaps more behind them."""

    keys: list[int]
    cache: Any


@dataclass(slots=True, eq=False)
class PromptKeys:
    """A history laid out, of which `done` places are in the cache; `stages` are where the steps to come end."""

    keys: list[int]
    inputs: Inputs
    pictures: Sequence[PictureFeatures]
    done: int = 0
    cache: Any = None
    stages: list[int] = field(default_factory=list)
    positions: Any = None
    remembered: list[Any] = field(default_factory=list)


class PromptCache:
    """One session's."""

    def __init__(self, seeing: SeeingModel) -> None:
        self._seeing = seeing
        self._holders = holders(seeing.model)
        self._looked: dict[EncodedPicture, PictureFeatures] = {}
        self._number = 0
        self._points: list[Point] = []

    def look(self, picture: EncodedPicture) -> int:
        """See a picture, which is going to be part of the history; how many tokens it takes."""
        self._number += 1
        self._looked[picture] = look(self._seeing, picture, self._number)
        return self._looked[picture].tokens

    @property
    def windowed(self) -> bool:
        """Whether there are layers that look back only so far."""
        return any(any(point.cache.is_sliding) for point in self._points)

    def forget(self) -> None:
        """Nothing is kept any more."""
        self._points, self._looked = [], {}

    def lay_out(self, turns: Sequence[HistoryTurn]) -> PromptKeys | None:
        """A history, with the assistant's turn opened; the part of it that is known is done. None where it cannot be
        said which places are whose picture: it is to be taken in whole. Raises BadInput."""
        shown = [part for turn in turns for part in turn.parts if isinstance(part, EncodedPicture)]
        for picture in shown:
            if picture not in self._looked:
                self.look(picture)
        self._looked = {picture: self._looked[picture] for picture in shown}
        inputs, pictures = self._seeing.prompt(turns), list(self._looked.values())
        keys = inputs["input_ids"][0].tolist()
        places = [place for place, key in enumerate(keys) if key == self._seeing.picture_token]
        if len(places) != sum(each.places for each in pictures):
            return None
        owned = (-1 - each.number * STRIDE - row for each in pictures for row in range(each.places))
        for place, key in zip(places, owned, strict=True):
            keys[place] = key
        prompt = PromptKeys(keys, inputs, pictures)
        self._start(prompt, behind_pictures=places[-1] + 1 if places else 0)
        return prompt

    @torch.inference_mode()
    def advance(self, prompt: PromptKeys) -> PrefilledReply | None:
        """One stage of what is new; after the last, what an answer begins with."""
        start, end = prompt.done, prompt.stages.pop(0)
        model: Any = self._seeing.model
        if prompt.positions is None:
            remember(self._holders, [None] * len(self._holders))
            prompt.positions = model._prepare_position_ids_for_generation(
                prompt.inputs["input_ids"], dict(prompt.inputs)
            )
            prompt.remembered = remembered(self._holders)
        remember(self._holders, prompt.remembered)
        here = [each for each in prompt.pictures if _first_key(each) in set(prompt.keys[start:end])]
        new = {name: prompt.inputs[name][:, start:end] for name in PER_TOKEN if name in prompt.inputs}
        made = model(
            **new,
            **together(here),
            position_ids=prompt.positions[..., start:end],
            past_key_values=prompt.cache,
            use_cache=True,
            **keep_few(model),
        )
        prompt.cache, prompt.done = made.past_key_values, end
        if can_be_cut(prompt.cache):
            self._points = [Point(prompt.keys[:end], prompt.cache)]
        elif prompt.stages:
            self._points.append(Point(prompt.keys[:end], copied(prompt.cache)))
        return None if prompt.stages else PrefilledReply(prompt.cache, made.logits[0, -1], prompt.remembered)

    def _start(self, prompt: PromptKeys, behind_pictures: int) -> None:
        """From the longest beginning that is known."""
        best: Point | None = None
        for point in self._points:
            same = min(_agree(point.keys, prompt.keys), len(prompt.keys) - 1)
            if (can_be_cut(point.cache) or same == len(point.keys)) and same > prompt.done:
                best, prompt.done = point, same
        self._points = [best] if best is not None else []
        if best is not None:
            prompt.cache = copied(best.cache)
            if can_be_cut(best.cache):
                prompt.cache.crop(prompt.done - prompt.cache.get_seq_length())
        whole = len(prompt.keys)
        stops = (behind_pictures, whole - self._seeing.opening_tokens, whole)
        prompt.stages = [stop for stop in sorted(set(stops)) if stop > prompt.done]


def can_be_cut(cache: Any) -> bool:
    """At any place; a layer with a window says that it can, and can only as long as the window is not full."""
    return bool(cache.is_croppable) and not any(cache.is_sliding)


def copied(cache: Any) -> Any:
    """Another cache with the same content. A layer that grows by making new tensors shares those it has."""
    made = copy.copy(cache)
    made.layers = [copy.copy(each) if each.is_croppable else copy.deepcopy(each) for each in cache.layers]
    return made


def _agree(known: Sequence[int], wanted: Sequence[int]) -> int:
    """How many keys are the same from the beginning."""
    for place, (one, other) in enumerate(zip(known, wanted, strict=False)):
        if one != other:
            return place
    return min(len(known), len(wanted))


def _first_key(picture: PictureFeatures) -> int:
    return -1 - picture.number * STRIDE
