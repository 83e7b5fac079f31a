"""A chat model behind HTTP: any OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama).

The only engine that sends a conversation to another machine. Streams text deltas; the conversation is kept here and
sent whole with each request. A connection that cannot be made is tried again; one that breaks during a reply ends the
session with EngineLost. Turns that no longer fit are not sent; the event log keeps a line of each, for recall by rule.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from dialogue.blocks import Block, PartialBlock, PictureBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, Mark, TextDelta
from dialogue.engines.remote_format import delta_text, request_body
from dialogue.errors import EngineLost
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.conversation_log import ConversationLog
from dialogue.memory.event_log import EventLog
from dialogue.rules.recall_answers import recall_evicted
from dialogue.rules.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer

CONNECT_S, SILENCE_S = 5.0, 30.0
TRIES, PAUSE_S = 3, 0.3
MAX_REPLY_TOKENS, TEMPERATURE = 256, 0.6
# Rough estimates, for the meter and for evicting old turns: characters a token, tokens a picture.
CHARACTERS_PER_TOKEN, TOKENS_PER_PICTURE = 4, 700


def open_remote(
    url: str,
    model: str | None = None,
    *,
    context_tokens: int = 8192,
    sees: bool = False,
    api_key: str | None = None,
    silence_s: float = SILENCE_S,
) -> Callable[[], Engine]:
    """A factory of sessions with the server at `url` (".../v1"). `model` None takes the server's first one.

    `sees`: send pictures instead of the detector's findings. Connects when the first reply is asked for.
    """
    return lambda: RemoteEngine(url, model, context_tokens, sees=sees, api_key=api_key, silence_s=silence_s)


class RemoteEngine:
    """One session. Blocks are kept within `context_tokens`; the oldest turns are evicted first."""

    def __init__(
        self, url: str, model: str | None, context_tokens: int, *, sees: bool, api_key: str | None, silence_s: float
    ) -> None:
        self.can = Capabilities(hears=False, sees=sees, speaks=False)
        self._url, self._model, self._limit = url.rstrip("/"), model, context_tokens
        self._blocks: list[Block] = []
        self._dropped = 0
        self._unconfirmed = False  # whether the last block is a reply that was not confirmed as heard
        self._log = EventLog()
        self._conversation_log = ConversationLog(self._log)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx.Timeout(silence_s, connect=CONNECT_S)
        self._client = httpx.AsyncClient(headers=headers, timeout=timeout)

    async def feed(self, block: Block) -> None:
        """Keeps the block for the next request; partial transcripts, sound and empty text are not sent."""
        match block:
            case PartialBlock():
                return
            case TextBlock(text) if not text.strip():
                return
            case ReplyBlock(text):
                self._drop_unconfirmed()
                self._conversation_log.spoke(block, self._position)
                if text.strip():
                    self._blocks.append(block)
            case TextBlock():
                self._conversation_log.heard(block, self._position)
                self._blocks.append(block)
                self._unconfirmed = False
            case SceneBlock() | SystemBlock():
                self._blocks.append(block)
                self._unconfirmed = False
            case PictureBlock() if self.can.sees:
                self._blocks.append(block)
                self._unconfirmed = False
        self._make_room()

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """Text as the server sends it; empty where the user has said nothing."""
        if not self._blocks or not isinstance(self._blocks[-1], TextBlock):
            return
        if (recalled_answer := self._recalled(self._blocks[-1])) is not None:
            self._record_reply(recalled_answer.text)
            yield TextDelta(recalled_answer.text, recalled_answer.at)
            return
        said = ""
        async with self._stream() as lines:
            async for line in lines:
                text = delta_text(line)
                if text is None:
                    return
                if text:
                    said += text
                    self._record_reply(said)
                    yield TextDelta(text)

    async def mark(self) -> Mark:
        return Mark(self._position)

    async def rewind(self, mark: Mark) -> None:
        keep = mark.position - self._dropped
        assert 0 <= keep <= len(self._blocks), f"cannot rewind from {len(self._blocks)} blocks to {keep}"
        del self._blocks[keep:]
        self._unconfirmed = False
        self._conversation_log.rewind(mark.position)

    async def close(self) -> None:
        self._log.close()
        await self._client.aclose()

    def context(self) -> ContextUse:
        """An estimate: servers count tokens only after a reply."""
        tokens = {"system": 0, "picture": 0, "text": 0, "reply": 0}
        for block in self._blocks:
            tokens[_kind(block)] += _tokens(block)
        return ContextUse(tokens, self._limit, self._dropped)

    @property
    def _position(self) -> int:
        return self._dropped + len(self._blocks)

    def _recalled(self, asked: TextBlock) -> RuleAnswer | None:
        question = recall_question(asked.text)
        if question is None:
            return None
        begins_at = next((block.start for block in self._blocks if isinstance(block, TextBlock)), 0.0)
        return recall_evicted(question, self._log, asked.end, self._conversation_log.last_line, begins_at)

    def _record_reply(self, said: str) -> None:
        at = self._blocks[-1]
        start = at.end if isinstance(at, TextBlock | ReplyBlock) else 0.0
        self._drop_unconfirmed()
        self._blocks.append(ReplyBlock(said, start, start))
        self._unconfirmed = True

    def _drop_unconfirmed(self) -> None:
        if self._unconfirmed:
            self._blocks.pop()
        self._unconfirmed = False

    def _make_room(self) -> None:
        """Evict whole turns, oldest first, until the estimate fits with room for the reply."""
        while sum(map(_tokens, self._blocks)) + MAX_REPLY_TOKENS > self._limit:
            starts = [index for index, block in enumerate(self._blocks) if isinstance(block, TextBlock)]
            if len(starts) < 2:
                return
            evicted = [block for block in self._blocks[: starts[1]] if not isinstance(block, SystemBlock)]
            self._blocks = [block for block in self._blocks if not any(block is left for left in evicted)]
            self._dropped += len(evicted)
            self._conversation_log.left(tuple(map(_entry, evicted)), self._dropped)

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of the event stream. Raises EngineLost with a sentence that a user can act on."""
        try:
            model = self._model or await self._first_model()
            body = request_body(
                self._blocks, model=model, sees=self.can.sees, most_tokens=MAX_REPLY_TOKENS, temperature=TEMPERATURE
            )
            response = await self._send(self._client.build_request("POST", f"{self._url}/chat/completions", json=body))
            try:
                yield response.aiter_lines()
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise EngineLost(
                f"The chat server at {self._url} has stopped answering; check whether it is overloaded."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise EngineLost(
                f"The connection to the chat server at {self._url} broke ({why}); start the conversation again."
            ) from error

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """The response, with its body still to read. Tries again only while no connection can be made."""
        for attempt in range(TRIES):
            try:
                response = await self._client.send(request, stream=True)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if attempt == TRIES - 1:
                    lost = f"No chat server answers at {self._url}; start it, or give another address."
                    raise EngineLost(lost) from error
                await asyncio.sleep(PAUSE_S * 2**attempt)
        if response.status_code != httpx.codes.OK:
            said = (await response.aread())[:300].decode("utf-8", "replace")
            await response.aclose()
            raise EngineLost(f"The chat server refused with status {response.status_code}: {said}")
        return response

    async def _first_model(self) -> str:
        response = await self._send(self._client.build_request("GET", f"{self._url}/models"))
        listed = (await response.aread()).decode("utf-8", "replace")
        try:
            self._model = str(json.loads(listed)["data"][0]["id"])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise EngineLost(f"The chat server at {self._url} lists no model; say which one to use.") from error
        return self._model


def _entry(block: Block) -> LedgerEntry:
    """The log entry of a block that is no longer sent."""
    match block:
        case TextBlock(text, start, end) | ReplyBlock(text, start, end):
            return LedgerEntry(_kind(block), 0, start, end, 0, note=text)
        case SceneBlock(_, description, at):
            return LedgerEntry("picture", 0, at, at, 0, note=description or "shown")
        case PictureBlock(_, at):
            return LedgerEntry("picture", 0, at, at, 0, note="shown")
        case _:
            raise AssertionError(f"{type(block).__name__} blocks are not kept")


def _kind(block: Block) -> Kind:
    match block:
        case SystemBlock():
            return "system"
        case PictureBlock() | SceneBlock():
            return "picture"
        case ReplyBlock():
            return "reply"
        case _:
            return "text"


def _tokens(block: Block) -> int:
    match block:
        case PictureBlock():
            return TOKENS_PER_PICTURE
        case SceneBlock():
            return 8 * len(block.facts)
        case SystemBlock(text) | TextBlock(text) | ReplyBlock(text):
            return len(text) // CHARACTERS_PER_TOKEN + 4
        case _:
            return 0
