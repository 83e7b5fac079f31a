"""Translates with the language model of `local_chat`, apart from its conversation: one context for each direction.

Every sentence is translated by itself; the instruction and the examples stay computed. Model steps go through the
runner, one token or one prefill chunk each.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection

from dialogue.engine import Runner
from dialogue.interpreting.instructions import examples, request
from dialogue.llm.sampling import GREEDY
from dialogue.llm.token_context import TokenContext
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.prompt import ChatMessage

LONGEST = 120  # tokens of a text; a longer one is shortened
MOST_TOKENS = 160  # of a translation
CONTEXT_TOKENS = 640


class LocalTranslation:
    """One session. A context of a number of tokens is made by `new_context`, when a direction is first wanted."""

    def __init__(
        self,
        chat: ChatFormat,
        stop_ids: Collection[int],
        new_context: Callable[[int], TokenContext],
        runner: Runner,
    ) -> None:
        self._chat, self._stop_ids, self._new_context, self._run = chat, stop_ids, new_context, runner
        self._contexts: dict[tuple[str, str], TokenContext] = {}

    async def prepare(self, source: str, target: str) -> None:
        """Computes the instruction and the examples of a direction, so that the first sentence is not late."""
        context = await self._context(source, target)
        ids = self._chat.listening(examples(source, target))
        while await self._run(context.follow, ids):
            pass

    async def translate(self, text: str, source: str, target: str) -> AsyncGenerator[str, None]:
        """The translation piece by piece."""
        chat, context = self._chat, await self._context(source, target)
        asked = request(chat.plain(chat.shortened(text, LONGEST)), target)
        wanted = chat.replying([*examples(source, target), ChatMessage("user", asked)])
        while await self._run(context.follow, wanted, True):
            pass
        ids, said = list[int](), ""
        token = await self._run(context.choose, GREEDY, ())
        while token not in self._stop_ids and len(ids) < MOST_TOKENS:
            ids.append(token)
            text_so_far = chat.text(ids).lstrip()
            if "\n" in text_so_far:  # a remark follows
                return
            if new := text_so_far[len(said) :]:
                yield new
            said = text_so_far
            token = await self._run(context.advance, token, GREEDY, ())

    async def close(self) -> None:
        """Frees the contexts of all directions."""
        self._contexts.clear()

    async def _context(self, source: str, target: str) -> TokenContext:
        if (source, target) not in self._contexts:
            self._contexts[source, target] = await self._run(self._new_context, CONTEXT_TOKENS)
        return self._contexts[source, target]
