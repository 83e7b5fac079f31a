"""Answers a history with the server's models, as text piece by piece, with the tokens it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from dialogue.engine import ContextUse
from stream.requests.chat_requests import ChatRequests, RequestOptions
from ui.api.attachments import read_history
from ui.openai.served_models import ServedModels


class ChatAnswer:
    """The answer to one request; iterate `pieces` once."""

    def __init__(
        self,
        models: ServedModels,
        history: Sequence[Mapping[str, Any]],
        options: RequestOptions,
        stops: Sequence[str] = (),
    ) -> None:
        """`stops` are texts before which the answer ends."""
        self._models, self._history, self._options = models, history, options
        self._stops = [stop for stop in stops if stop]
        self._use: ContextUse | None = None

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text as it is made. Raises BadInput, Busy, and what the engine raises."""
        async with self._models.gate.entered():
            messages = await asyncio.to_thread(read_history, self._history)
            chat_requests = ChatRequests(self._models.parts, self._models.setup)
            texts = chat_requests.answer(messages, None, self._options, on_use=self._count)
            async with aclosing(_until(texts, self._stops)) as pieces:
                async for piece in pieces:
                    yield piece

    async def whole(self) -> str:
        return "".join([piece async for piece in self.pieces()]).strip()

    @property
    def tokens(self) -> tuple[int, int] | None:
        """(prompt, completion) tokens, once the answer has ended; None where the model does not count them."""
        if self._use is None or not self._use.blocks:
            return None
        kind, last = self._use.blocks[-1]
        replied = last if kind == "reply" else 0
        return sum(tokens for _, tokens in self._use.blocks) - replied, replied

    def _count(self, use: ContextUse) -> None:
        self._use = use


async def _until(texts: AsyncGenerator[str, None], stops: Sequence[str]) -> AsyncGenerator[str, None]:
    """The texts up to the first of `stops`; what may be the beginning of one is held back until it is decided."""
    held = ""
    async with aclosing(texts) as source:
        async for text in source:
            held += text
            if found := [at for stop in stops if (at := held.find(stop)) >= 0]:
                if head := held[: min(found)]:
                    yield head
                return
            safe = len(held) - _begun(held, stops)
            if safe:
                yield held[:safe]
                held = held[safe:]
    if held:
        yield held


def _begun(text: str, stops: Sequence[str]) -> int:
    """The length of the longest end of `text` with which one of `stops` may begin."""
    lengths = (length for stop in stops for length in range(1, len(stop)) if text.endswith(stop[:length]))
    return max(lengths, default=0)
