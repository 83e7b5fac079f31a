"""What all sessions of the engine share: the model, its manner, the prefilled beginnings, wording a description.

Immutable after opening. Knows no session.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from dialogue.blocks import Fact
from dialogue.engine import Runner
from dialogue.llm.language_model import LanguageModel
from dialogue.llm.sampling import GREEDY
from dialogue.llm.token_context import TokenContext
from dialogue.memory.sentence_embedding import SentenceEmbedder
from dialogue.prompts.chat_format import ChatFormat, Render
from dialogue.prompts.chat_template import chatml
from dialogue.prompts.dialogue_style import SMALL, DialogueStyle
from dialogue.prompts.prompt import ChatMessage, few_shot
from dialogue.rules.description import PHRASING_EXAMPLES, PHRASING_SYSTEM, as_facts, keeps_facts

# A description worded by the model is worth a fifth of a second, no more: slower machines say the rule's sentence.
PHRASING_FROM_TOKENS_S = 150.0
PHRASING_MOST_TOKENS = 48
PHRASING_CONTEXT = 384
_TIMED_TOKENS = 6


class LocalLlm:
    """Weights, tokenizer, and two prefilled beginnings that sessions copy instead of computing."""

    def __init__(
        self,
        model: LanguageModel,
        context_tokens: int,
        phrase_descriptions: bool | None = None,
        embedder: SentenceEmbedder | None = None,
        style: DialogueStyle = SMALL,
        render: Render = chatml,
    ) -> None:
        """`render` is the model's chat template."""
        self.model, self.limit, self.embedder, self.style = model, context_tokens, embedder, style
        self.chat = ChatFormat(model.tokenizer, render)
        self.stop_ids = model.stop_ids | self.chat.turn_ends()
        self._beginning = self._prefilled(self.chat.listening(few_shot(style.persona, style.examples)))
        self.tokens_per_s = self._speed()
        fast = self.tokens_per_s >= PHRASING_FROM_TOKENS_S
        self.phrases = fast if phrase_descriptions is None else phrase_descriptions
        self._phrasing_prompt = few_shot(PHRASING_SYSTEM, PHRASING_EXAMPLES)
        # Most of a second on a slow machine, and for nothing where descriptions are not worded by the model.
        self._phrasing = self._prefilled(self.chat.listening(self._phrasing_prompt)) if self.phrases else None

    def new_context(self) -> TokenContext:
        """A session's cache with the persona already in it."""
        context = TokenContext(self.model, self.model.new_cache(self.limit))
        context.copy_from(self._beginning)
        return context

    async def phrase(self, facts: Sequence[Fact], run: Runner) -> str | None:
        """The things in view in the model's words, or None if it does not keep to the facts."""
        context = await run(self._new_phrasing)
        asked = self.chat.replying([*self._phrasing_prompt, ChatMessage("user", self.chat.plain(as_facts(facts)))])
        while await run(context.follow, asked, True):
            pass
        ids: list[int] = []
        token = await run(context.choose, GREEDY, ())
        while len(ids) < PHRASING_MOST_TOKENS:
            if token in self.stop_ids:
                said = self.chat.text(ids).strip()
                return said if said.endswith(".") and keeps_facts(said, facts) else None
            ids.append(token)
            token = await run(context.advance, token, GREEDY, ())
        return None

    def _new_phrasing(self) -> TokenContext:
        context = TokenContext(self.model, self.model.new_cache(PHRASING_CONTEXT))
        assert self._phrasing is not None, "this mind words no descriptions"
        context.copy_from(self._phrasing)
        return context

    def _prefilled(self, ids: Sequence[int]) -> TokenContext:
        context = TokenContext(self.model, self.model.new_cache(len(ids) + _TIMED_TOKENS + 1))
        while context.follow(ids, True):
            pass
        return context

    def _speed(self) -> float:
        """Tokens a second, one at a time; also the warm-up. The best of a few: others may be using the machine."""
        context, fastest = self._prefilled(self._beginning.ids), float("inf")
        token = context.choose(GREEDY, ())
        for _ in range(_TIMED_TOKENS):
            began = time.perf_counter()
            token = context.advance(token, GREEDY, ())
            fastest = min(fastest, time.perf_counter() - began)
        return 1 / fastest


def open_embedder(folder: Path | None) -> SentenceEmbedder | None:
    """What finds a saying by its meaning, opened and warm; None without its weights. Raises OSError."""
    if folder is None:
        return None
    embedder = SentenceEmbedder(folder)
    embedder.embed(["Hello."])
    return embedder
