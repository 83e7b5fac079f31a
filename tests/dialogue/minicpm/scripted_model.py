"""A text model for tests whose replies follow a rule, applied to its real context.

The rule reads only the tokens in the cache, so a wrong context gives a wrong reply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from dialogue.blocks import TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.minicpm.minicpm3 import MiniCPM3Engine
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.minicpm.text.function_calls import CALLS, THOUGHT

OPEN_REPLY = "<|im_start|>assistant\n"
Made = Callable[..., tuple[MiniCPM3Engine, "ScriptedModel"]]
Rule = Callable[[str], str]  # the context before the reply -> the whole reply, including marks


class IdCache:
    """A cache of token ids instead of latents."""

    def __init__(self, capacity: int) -> None:
        self.storage = torch.zeros(1, 1, 1, capacity, 1, dtype=torch.int64)
        self.capacity, self.length = capacity, 0
        self.adapter: None = None

    @property
    def ids(self) -> list[int]:
        ids: list[int] = self.storage[0, 0, 0, : self.length, 0].tolist()
        return ids

    def advance(self, tokens: int) -> None:
        self.length += tokens

    def rewind(self, length: int) -> None:
        assert length <= self.length
        self.length = length

    def cut(self, start: int, end: int, _rotary: None) -> None:
        rest = self.ids[end:]
        self.length = start
        self.append(rest)

    def append(self, ids: Sequence[int]) -> None:
        assert self.length + len(ids) <= self.capacity
        self.storage[0, 0, 0, self.length : self.length + len(ids), 0] = torch.tensor(list(ids), dtype=torch.int64)
        self.length += len(ids)


class ScriptedModel:
    """The part of `TextModel` that `TokenContext` and the engine use."""

    name, rotary, max_positions = "scripted", None, 100_000
    adapters = ()

    def __init__(self, words: Vocabulary, rule: Rule) -> None:
        self._words, self._rule = words, rule
        self.stop_ids = frozenset(words.ids(["<|im_end|>"]))
        self.read: list[str] = []  # the context of every started reply
        self.computed = 0  # tokens fed
        self._open = words.encode(OPEN_REPLY, begin=False)
        self._lines: dict[tuple[int, ...], list[int]] = {}

    def new_cache(self, capacity: int) -> IdCache:
        return IdCache(capacity)

    def forward(self, cache: IdCache, ids: Tensor) -> Tensor:
        cache.append(ids.tolist())
        self.computed += len(ids)
        hidden = torch.zeros(len(ids), 1)
        hidden[-1] = self._next(cache.ids)
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(hidden[0].long(), len(self._words)).float()

    def _next(self, ids: list[int]) -> int:
        places = range(len(ids) - len(self._open), -1, -1)
        opened = next((at for at in places if ids[at : at + len(self._open)] == self._open), -1)
        if opened < 0:
            return 0
        before, done = tuple(ids[:opened]), len(ids) - opened - len(self._open)
        if before not in self._lines:
            context = self.text(before)
            self.read.append(context)
            self._lines[before] = self._words.encode(self._rule(context), begin=False)
        line = self._lines[before]
        return line[done] if done < len(line) else next(iter(self.stop_ids))

    def text(self, ids: Sequence[int]) -> str:
        return self._words.decode(ids, self._words.special)


def calling(*lines: str, thought: str = "I need a function.", before: str = "") -> str:
    return f"{THOUGHT[0]}\n{thought}\n{THOUGHT[1]}\n{before}" + "\n".join(
        [CALLS[0], "```python", *lines, "```", CALLS[1]]
    )


def results(context: str) -> list[Any]:
    """Results of functions since the user's last turn."""
    turn = context.rpartition("<|im_start|>user\n")[2]
    return [json.loads(found) for found in re.findall(r"<\|im_start\|>tool\n(.*?)<\|im_end\|>", turn, re.DOTALL)]


def last_words(context: str) -> str:
    return context.rpartition("<|im_start|>user\n")[2].partition("<|im_end|>")[0]


async def said(engine: MiniCPM3Engine, text: str, at: float = 0.0) -> list[str]:
    await engine.feed(TextBlock(text, at, at + 1))
    return [delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)]
