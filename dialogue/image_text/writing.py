"""One answer on its way: a model step for each token, so that whoever waits for it can stop between any two.

Equals the model's own `generate`, taken apart. Some models of transformers keep a number about the conversation in
the model object itself; here it belongs to the answer, so that sessions can take turns on one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from dialogue.image_text.seeing_model import Inputs, SeeingModel
from dialogue.llm.sampling import GREEDY, SamplingConfig, choose

REMEMBERED = "rope_deltas"  # how far positions and tokens have parted, where pictures take fewer positions than tokens


@dataclass(frozen=True, slots=True, eq=False)
class PrefilledReply:
    """A prompt that was taken in: the cache, which the answer goes on filling, and the logits (vocab,) behind it."""

    cache: Any
    logits: Tensor
    remembered: list[Any]


class TokenStream:
    """One session's, one answer's, to a prompt's inputs or to what was begun. Methods run on the model's thread."""

    def __init__(self, seeing: SeeingModel, prompt: Inputs | PrefilledReply, sampling: SamplingConfig = GREEDY) -> None:
        self._seeing, self._sampling = seeing, sampling
        self._holders = holders(seeing.model)
        self._remembered: list[Any] = [None] * len(self._holders)
        self._fewest = keep_few(seeing.model)
        self._cache: Any = None
        self._inputs: Inputs = {}
        self._first: Tensor | None = None
        if isinstance(prompt, PrefilledReply):
            self._cache, self._first, self._remembered = prompt.cache, prompt.logits, prompt.remembered
        else:
            self._inputs = prompt
        self._ids: list[int] = []
        self._given = ""

    @property
    def tokens(self) -> int:
        return len(self._ids)

    def step(self) -> str | None:
        """The text that one more token adds, often none yet; None at the answer's end. The first step is the longest:
        it takes in the whole prompt."""
        token = choose(self.logits(), self._sampling, self._ids)
        if token in self._seeing.stops:
            return None
        self._ids.append(token)
        text = self._seeing.text(self._ids)
        return "" if text.endswith("\N{REPLACEMENT CHARACTER}") else self._take(text)

    def logits(self) -> Tensor:
        """(vocab,) behind what there is so far."""
        return self._first if self._first is not None and not self._ids else self._forward()

    def end(self) -> str:
        """What is still held back."""
        return self._take(self._seeing.text(self._ids))

    @torch.inference_mode()
    def _forward(self) -> Tensor:
        remember(self._holders, self._remembered)
        new: Inputs = self._inputs
        if self._ids:
            new = {"input_ids": torch.tensor([self._ids[-1:]], device=self._seeing.device)}
        made = self._seeing.model(**new, past_key_values=self._cache, use_cache=True, **self._fewest)
        self._cache = made.past_key_values
        self._remembered = remembered(self._holders)
        return made.logits[0, -1]

    def _take(self, text: str) -> str:
        new = text.removeprefix(self._given)
        self._given = text
        return new


def holders(model: nn.Module) -> list[nn.Module]:
    """The parts of a model that keep a number about a conversation."""
    return [module for module in model.modules() if hasattr(module, REMEMBERED)]


def remember(parts: Sequence[nn.Module], numbers: Sequence[Any]) -> None:
    for part, number in zip(parts, numbers, strict=True):
        setattr(part, REMEMBERED, number)


def remembered(parts: Sequence[nn.Module]) -> list[Any]:
    return [getattr(part, REMEMBERED) for part in parts]


def keep_few(model: nn.Module) -> Inputs:
    """The argument by which logits of the last token alone are made, where the model knows it."""
    return {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}
