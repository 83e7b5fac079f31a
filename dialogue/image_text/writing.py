"""One answer on its way: a model step for each token, so that whoever waits for it can stop between any two.

Equals the model's own `generate`, taken apart. Some models of transformers keep a number about the conversation in
the model object itself; here it belongs to the answer, so that sessions can take turns on one model.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch
from torch import Tensor

from dialogue.choose_token import GREEDY, Sampling, choose
from dialogue.image_text.seeing_model import Inputs, SeeingModel

REMEMBERED = "rope_deltas"  # how far positions and tokens have parted, where pictures take fewer positions than tokens


class Writing:
    """One session's, one answer's. Methods run on the model's own thread."""

    def __init__(self, seeing: SeeingModel, inputs: Inputs, sampling: Sampling = GREEDY) -> None:
        self._seeing, self._inputs, self._sampling = seeing, inputs, sampling
        self._holders = [module for module in seeing.model.modules() if hasattr(module, REMEMBERED)]
        self._remembered: list[Any] = [None] * len(self._holders)
        keeps = "logits_to_keep" in signature(seeing.model.forward).parameters  # else all of a prompt's are made
        self._fewest: Inputs = {"logits_to_keep": 1} if keeps else {}
        self._cache: Any = None
        self._ids: list[int] = []
        self._given = ""

    @property
    def tokens(self) -> int:
        return len(self._ids)

    def step(self) -> str | None:
        """The text that one more token adds, often none yet; None at the answer's end. The first step is the longest:
        it takes in the whole prompt."""
        logits = self._forward()
        token = choose(logits, self._sampling, self._ids)
        if token in self._seeing.stops:
            return None
        self._ids.append(token)
        text = self._seeing.text(self._ids)
        return "" if text.endswith("\N{REPLACEMENT CHARACTER}") else self._take(text)

    def end(self) -> str:
        """What is still held back."""
        return self._take(self._seeing.text(self._ids))

    @torch.inference_mode()
    def _forward(self) -> Tensor:
        for holder, value in zip(self._holders, self._remembered, strict=True):
            setattr(holder, REMEMBERED, value)
        new: Inputs = self._inputs
        if self._ids:
            new = {"input_ids": torch.tensor([self._ids[-1:]], device=self._seeing.device)}
        made = self._seeing.model(**new, past_key_values=self._cache, use_cache=True, **self._fewest)
        self._cache = made.past_key_values
        self._remembered = [getattr(holder, REMEMBERED) for holder in self._holders]
        return made.logits[0, -1]

    def _take(self, text: str) -> str:
        new = text.removeprefix(self._given)
        self._given = text
        return new
