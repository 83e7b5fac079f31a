"""A chat model for tests whose replies follow a rule, applied to the text that is really in its context."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from torch import Tensor

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import ConsentDelta, TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.sampling import SamplingConfig
from dialogue.prompts.call_format import call_format
from dialogue.prompts.chat_template import ChatTemplate
from dialogue.prompts.dialogue_style import chat_style
from dialogue.tools.toolbox import Toolbox
from tests.dialogue.chat_templates import SPECIAL, byte_tokenizer
from tests.dialogue.conftest import run_here
from tests.dialogue.minicpm.scripted_model import IdCache
from tests.dialogue.tool_templates import TOOL_TEMPLATES

Rule = Callable[[str], str]  # the context up to the reply -> the reply
OPENINGS = {"qwen2": "<|im_start|>assistant\n", "llama3": "<|start_header_id|>assistant<|end_header_id|>\n\n"}
NOON = datetime(2026, 3, 1, 12, 0)


class RuledModel:
    """The part of `LanguageModel` that sessions use. It wants the rule's next token, but takes another if it must."""

    rotary = None
    sampling = None
    decoder = SimpleNamespace(adapters=())

    def __init__(self, family: str, rule: Rule) -> None:
        self.tokenizer: Tokenizer = byte_tokenizer()
        self.stop_ids = frozenset({self.tokenizer.get_vocab()[SPECIAL[family]["eos_token"]]})
        self.read: list[str] = []  # the context of every reply
        self._rule, self._opening = rule, OPENINGS[family]

    def new_cache(self, capacity: int) -> IdCache:
        return IdCache(capacity)

    def forward(self, cache: IdCache, ids: Tensor) -> Tensor:
        cache.append(ids.tolist())
        hidden = torch.zeros(len(ids), 2)
        hidden[-1, 0] = self._next(str(self.tokenizer.decode(cache.ids, skip_special_tokens=False)))
        return hidden

    def forward_batch(self, caches: Sequence[IdCache], inputs: Sequence[Tensor]) -> list[Tensor]:
        return [self.forward(cache, ids) for cache, ids in zip(caches, inputs, strict=True)]

    def logits(self, hidden: Tensor) -> Tensor:
        wanted = hidden[..., 0].long().unsqueeze(-1)
        scores = torch.zeros(*hidden.shape[:-1], self.tokenizer.get_vocab_size())
        return scores.scatter(-1, wanted, 10.0)

    def _next(self, text: str) -> int:
        before, opened, written = text.rpartition(self._opening)
        stop = next(iter(self.stop_ids))
        if not opened:
            return stop
        if not written:
            self.read.append(before)
        wanted = self._rule(before)
        if not wanted.startswith(written) or written == wanted:
            return stop
        return int(self.tokenizer.encode(wanted[len(written) :], add_special_tokens=False).ids[0])


def ruled_llm(family: str, rule: Rule, limit: int = 4096) -> tuple[LocalLlm, RuledModel]:
    model = RuledModel(family, rule)
    template = ChatTemplate(TOOL_TEMPLATES[family], SPECIAL[family])
    style = replace(chat_style(SamplingConfig()), by_rule=frozenset())
    llm = LocalLlm(
        cast(Any, model),
        limit,
        phrase_descriptions=False,
        style=style,
        render=template,
        call_format=call_format(template),
    )
    model.read.clear()
    return llm, model


def ruled_engine(family: str, rule: Rule, toolbox: Toolbox, limit: int = 4096) -> tuple[LocalChatEngine, RuledModel]:
    llm, model = ruled_llm(family, rule, limit)
    engine = LocalChatEngine(llm, run_here, lambda: NOON)
    engine.equip(toolbox)
    return engine, model


async def asked(engine: LocalChatEngine, text: str, at: float = 1.0) -> tuple[str, str]:
    """Asks, hears the whole answer; returns it, and the question for consent if it ends with one."""
    await engine.feed(TextBlock(text, at, at + 1))
    said, question = "", ""
    async for delta in engine.reply():
        match delta:
            case TextDelta(piece):
                said += piece
            case ConsentDelta(question):
                pass
    await engine.feed(ReplyBlock(said, at + 1, at + 2))
    return said, question


def talk(engine: LocalChatEngine, *questions: str) -> list[str]:
    """The answers to several questions, one after the other."""

    async def whole() -> list[str]:
        return [(await asked(engine, question, 10.0 * number))[0] for number, question in enumerate(questions)]

    return asyncio.run(whole())
