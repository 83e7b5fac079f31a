"""Generates one reply with a model step per token, so that a caller can stop between any two.

The result equals the model's own `generate`. Some models of transformers keep state of the conversation in the model
object; here it belongs to the reply, so that sessions can take turns on one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from dialogue.image_text.image_text_model import ImageTextModel, Inputs
from dialogue.llm.sampling import GREEDY, SamplingConfig, choose

ROPE_STATE = "rope_deltas"  # the offset between positions and tokens of models whose pictures take fewer positions


@dataclass(frozen=True, slots=True, eq=False)
class PrefilledReply:
    """A prefilled prompt: the KV cache, which the reply extends, and the logits (vocab,) after it."""

    cache: Any
    logits: Tensor
    rope_state: list[Any]


class TokenStream:
    """The tokens of one reply to a prompt or to a prefilled prompt. Methods run on the model's thread."""

    def __init__(
        self, model: ImageTextModel, prompt: Inputs | PrefilledReply, sampling: SamplingConfig = GREEDY
    ) -> None:
        self._model, self._sampling = model, sampling
        self._rope_modules = rope_state_modules(model.model)
        self._rope_state: list[Any] = [None] * len(self._rope_modules)
        self._last_only = last_logits_only(model.model)
        self._cache: Any = None
        self._inputs: Inputs = {}
        self._first: Tensor | None = None
        if isinstance(prompt, PrefilledReply):
            self._cache, self._first, self._rope_state = prompt.cache, prompt.logits, prompt.rope_state
        else:
            self._inputs = prompt
        self._ids: list[int] = []
        self._emitted = ""

    @property
    def tokens(self) -> int:
        return len(self._ids)

    def step(self) -> str | None:
        """The text that one more token adds, possibly ""; None at the end of the reply. The first step is the longest,
        since it prefills the whole prompt."""
        token = choose(self.logits(), self._sampling, self._ids)
        if token in self._model.stops:
            return None
        self._ids.append(token)
        text = self._model.text(self._ids)
        return "" if text.endswith("\N{REPLACEMENT CHARACTER}") else self._take(text)

    def logits(self) -> Tensor:
        """The logits (vocab,) after all tokens so far."""
        return self._first if self._first is not None and not self._ids else self._forward()

    def end(self) -> str:
        """The text that is still held back."""
        return self._take(self._model.text(self._ids))

    @torch.inference_mode()
    def _forward(self) -> Tensor:
        set_rope_state(self._rope_modules, self._rope_state)
        new: Inputs = self._inputs
        if self._ids:
            new = {"input_ids": torch.tensor([self._ids[-1:]], device=self._model.device)}
        output = self._model.model(**new, past_key_values=self._cache, use_cache=True, **self._last_only)
        self._cache = output.past_key_values
        self._rope_state = get_rope_state(self._rope_modules)
        logits: Tensor = output.logits[0, -1]
        return logits

    def _take(self, text: str) -> str:
        new = text.removeprefix(self._emitted)
        self._emitted = text
        return new


def rope_state_modules(model: nn.Module) -> list[nn.Module]:
    """The modules of a model that keep state of a conversation."""
    return [module for module in model.modules() if hasattr(module, ROPE_STATE)]


def set_rope_state(parts: Sequence[nn.Module], numbers: Sequence[Any]) -> None:
    for part, number in zip(parts, numbers, strict=True):
        setattr(part, ROPE_STATE, number)


def get_rope_state(parts: Sequence[nn.Module]) -> list[Any]:
    return [getattr(part, ROPE_STATE) for part in parts]


def last_logits_only(model: nn.Module) -> Inputs:
    """The argument that computes logits of the last token only, if the model supports it."""
    return {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}
