"""Answers a history with the server's models, as text piece by piece, with the tokens it took.

Functions of the client are offered to a model that calls functions. A call ends the answer: the client runs the
function, and sends its result with the next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any

from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from stream.requests.chat_requests import ChatRequests, RequestOptions
from ui.api.attachments import read_history
from ui.openai.client_functions import ClientFunctions
from ui.openai.served_models import ServedModels

MOST_FUNCTIONS = 32


@dataclass(frozen=True, slots=True)
class CalledFunction:
    """A call of one of the client's functions; `arguments` is JSON."""

    call_id: str
    name: str
    arguments: str


class ChatAnswer:
    """The answer to one request; iterate `pieces` once. `call` is the call that has ended it, if one has."""

    def __init__(
        self,
        models: ServedModels,
        history: Sequence[Mapping[str, Any]],
        options: RequestOptions,
        stops: Sequence[str] = (),
        functions: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """`stops` are texts before which the answer ends; `functions` are described as chat APIs do. Raises BadInput
        for one that cannot be described."""
        self._models, self._history = models, history
        self._stops = [stop for stop in stops if stop]
        self._use: ContextUse | None = None
        self._called = asyncio.Event()
        self._options = replace(options, tools=ClientFunctions(self._call).tools(functions))
        self.call: CalledFunction | None = None

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text as it is made. Raises BadInput, Busy, and what the engine raises."""
        async with self._models.gate.entered():
            messages = await asyncio.to_thread(read_history, self._history)
            chat_requests = ChatRequests(self._models.parts, self._models.setup)
            texts = chat_requests.answer(messages, None, self._options, on_use=self._count)
            uncalled = _until_called(texts, self._called) if self._options.tools else texts
            async with aclosing(_until(uncalled, self._stops)) as pieces:
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

    def _call(self, call_id: str, name: str, arguments: str) -> None:
        self.call = CalledFunction(call_id, name, arguments)
        self._called.set()


def functions_in(tools: Sequence[Any] | None, choice: Any) -> list[Mapping[str, Any]]:
    """The functions that a request offers. Raises BadInput for what is no function, and for a choice that is not the
    model's."""
    if not tools or choice == "none":
        return []
    if choice not in (None, "auto"):
        raise BadInput('tool_choice must be "auto" or "none": the model decides whether it calls a function.')
    if len(tools) > MOST_FUNCTIONS:
        raise BadInput(f"A request offers at most {MOST_FUNCTIONS} functions.")
    if not all(isinstance(tool, Mapping) and tool.get("type") == "function" for tool in tools):
        raise BadInput("A tool must be a function.")
    return [*tools]


async def _until_called(texts: AsyncGenerator[str, None], called: asyncio.Event) -> AsyncGenerator[str, None]:
    """The texts until a function of the client is called, which waits for a result that does not come here."""
    calling = asyncio.create_task(called.wait())
    async with aclosing(texts):
        try:
            while True:
                coming = asyncio.ensure_future(anext(texts, None))
                await asyncio.wait({coming, calling}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    coming.cancel()
                    with suppress(asyncio.CancelledError):
                        await coming
                    return
                if (text := coming.result()) is None:
                    return
                yield text
        finally:
            calling.cancel()


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
