"""Holds what sessions of `LocalChatEngine` share: the LLM, its dialogue style, prefilled prompts, description phrasing.

Immutable after opening.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from dialogue.blocks import Fact
from dialogue.engine import Runner
from dialogue.grammars.constraint import GrammarVocabulary
from dialogue.interpreting.local import LocalTranslation
from dialogue.llm.checkpoints.adapter import Adapter
from dialogue.llm.continuous_batching import ContinuousBatch
from dialogue.llm.language_model import LanguageModel
from dialogue.llm.native.kept_prefix import load_prefix, store_prefix
from dialogue.llm.sampling import GREEDY
from dialogue.llm.token_context import TokenContext
from dialogue.memory.sentence_embedding import SentenceEmbedder
from dialogue.prompts.call_format import CallFormat
from dialogue.prompts.chat_format import ChatFormat, Render
from dialogue.prompts.chat_template import chatml
from dialogue.prompts.dialogue_style import SMALL_STYLE, DialogueStyle
from dialogue.prompts.prompt import ChatMessage, few_shot
from dialogue.rules.description import PHRASING_EXAMPLES, PHRASING_SYSTEM, as_facts, keeps_facts

# Phrasing a description may take a fifth of a second; slower machines use the rule's sentence.
PHRASING_MIN_TOKENS_S = 150.0
PHRASING_MAX_TOKENS = 48
PHRASING_CONTEXT = 384
_TIMED_TOKENS = 6


class LocalLlm:
    """Weights, tokenizer, and two prefilled prompts that sessions copy instead of computing them."""

    def __init__(
        self,
        model: LanguageModel,
        context_tokens: int,
        phrase_descriptions: bool | None = None,
        embedder: SentenceEmbedder | None = None,
        style: DialogueStyle = SMALL_STYLE,
        render: Render = chatml,
        call_format: CallFormat | None = None,
        keep_beside: Path | None = None,
        built_in_tools: bool = True,
    ) -> None:
        """`render` is the model's chat template, `call_format` how it calls functions, if it does; it is offered the
        `built_in_tools`, or the user's functions alone. The prompt of all sessions is kept beside the model file
        `keep_beside`, for later starts."""
        self.model, self.limit, self.embedder, self.style = model, context_tokens, embedder, style
        self.chat = ChatFormat(model.tokenizer, render)
        self.stop_ids = model.stop_ids | self.chat.turn_ends()
        self.call_format, self.built_in_tools = call_format, built_in_tools
        self.batch = ContinuousBatch()  # of answers that are held to a form
        self.vocabulary = GrammarVocabulary(model.tokenizer, self.stop_ids)
        persona = self.chat.listening(few_shot(style.persona, style.examples))
        self._prefilled_prompts = [self._prompt(persona, keep_beside)]
        # Now, beside other programs; and undisturbed.
        self.tokens_per_s_now, self.tokens_per_s = self._measure_speed()
        fast = self.tokens_per_s_now >= PHRASING_MIN_TOKENS_S
        self.phrases = fast if phrase_descriptions is None else phrase_descriptions
        self._phrasing_prompt = few_shot(PHRASING_SYSTEM, PHRASING_EXAMPLES)
        # Prefilled only where it is used: it takes most of a second on a slow machine.
        self._prefilled_phrasing = self._prefill(self.chat.listening(self._phrasing_prompt)) if self.phrases else None

    def new_context(self, system: Sequence[int], adapter: Adapter | None) -> TokenContext:
        """A session's cache with the beginning of its prompt `system` prefilled, as far as sessions share it: those
        with the `adapter` that a new one has."""
        cache = self.model.new_cache(self.limit)
        shared, cache.adapter = cache.adapter is adapter, adapter
        context = TokenContext(self.model, cache)
        if shared:
            context.copy_from(max(self._prefilled_prompts, key=lambda each: _common_length(each.ids, system)))
        return context

    def translation(self, runner: Runner) -> LocalTranslation | None:
        """For a session; None where the model knows one language."""
        if not self.style.multilingual:
            return None
        return LocalTranslation(self.chat, self.stop_ids, self._empty_context, runner)

    def _empty_context(self, tokens: int) -> TokenContext:
        return TokenContext(self.model, self.model.new_cache(tokens))

    def prepare(self, ids: Sequence[int]) -> None:
        """Prefill a longer prompt that sessions begin with, and all that holding calls to a schema needs (blocking)."""
        self._prefilled_prompts = [self._prefilled_prompts[0], self._prefill(ids)]
        self.vocabulary.ready()

    async def phrase(self, facts: Sequence[Fact], run: Runner) -> str | None:
        """A description of the things in view in the model's words; None if it departs from the facts."""
        context = await run(self._new_phrasing_context)
        asked = self.chat.replying([*self._phrasing_prompt, ChatMessage("user", self.chat.plain(as_facts(facts)))])
        while await run(context.follow, asked, True):
            pass
        ids: list[int] = []
        token = await run(context.choose, GREEDY, ())
        while len(ids) < PHRASING_MAX_TOKENS:
            if token in self.stop_ids:
                said = self.chat.text(ids).strip()
                return said if said.endswith(".") and keeps_facts(said, facts) else None
            ids.append(token)
            token = await run(context.advance, token, GREEDY, ())
        return None

    def _new_phrasing_context(self) -> TokenContext:
        context = TokenContext(self.model, self.model.new_cache(PHRASING_CONTEXT))
        assert self._prefilled_phrasing is not None, "this LLM does not phrase descriptions"
        context.copy_from(self._prefilled_phrasing)
        return context

    def _prompt(self, ids: Sequence[int], source: Path | None) -> TokenContext:
        """The prefilled prompt; from the file beside `source`, if there is one."""
        if source is None:
            return self._prefill(ids)
        context, route = TokenContext(self.model, self.model.new_cache(len(ids))), self.model.decoder.describe()
        if (kept := load_prefix(source, route, ids, context.prefix(len(ids)))) is not None:
            context.begin_with(ids, kept)
            return context
        computed = self._prefill(ids)
        store_prefix(source, route, ids, computed.prefix(len(ids)))
        return computed

    def _prefill(self, ids: Sequence[int]) -> TokenContext:
        context = TokenContext(self.model, self.model.new_cache(len(ids)))
        while context.follow(ids, True):
            pass
        return context

    def _measure_speed(self) -> tuple[float, float]:
        """Tokens a second at batch size 1, by the clock and in processor time; also the warm-up.

        The best of a few: other programs may be busy. The compiled step computes a single token on this thread alone,
        so the thread's processor time is what a token takes where nothing else runs.
        """
        prompt = self._prefilled_prompts[0]
        context = TokenContext(self.model, self.model.new_cache(len(prompt.ids) + _TIMED_TOKENS + 1))
        context.copy_from(prompt)
        while context.follow(prompt.ids, True):  # computes the last token again
            pass
        token, by_clock, by_thread = context.choose(GREEDY, ()), float("inf"), float("inf")
        for _ in range(_TIMED_TOKENS):
            began, thread_began = time.perf_counter(), time.thread_time()
            token = context.advance(token, GREEDY, ())
            by_clock = min(by_clock, time.perf_counter() - began)
            by_thread = min(by_thread, max(time.thread_time() - thread_began, 1e-6))
        return 1 / by_clock, 1 / by_thread


def _common_length(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def open_embedder(folder: Path | None) -> SentenceEmbedder | None:
    """The sentence embedder for recall by meaning, warmed up; None without a folder. Raises OSError."""
    if folder is None:
        return None
    embedder = SentenceEmbedder(folder)
    embedder.embed(["Hello."])
    return embedder
