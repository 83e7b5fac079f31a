"""A chat model behind HTTP: any OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama).

The only engine that sends a conversation to another machine. Streams text deltas; the conversation is kept here and
sent whole with each request. `dialogue.remote.chat_server` reads the replies within bounds. Turns that no longer fit
are not sent; the event log keeps a line of each, for recall by rule.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from dialogue.blocks import Block, PartialBlock, PictureBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, Mark, TextDelta
from dialogue.llm.rolling_ledger import Kind, LedgerEntry
from dialogue.memory.conversation_log import ConversationLog
from dialogue.memory.event_log import EventLog
from dialogue.remote.chat_server import SILENCE_S, TURN_S, ChatServer
from dialogue.remote.remote_format import request_body
from dialogue.rules.recall_answers import recall_evicted
from dialogue.rules.recall_questions import recall_question
from dialogue.rules.rule_answer import RuleAnswer

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
    turn_s: float = TURN_S,
) -> Callable[[], Engine]:
    """A factory of sessions with the server at `url` (".../v1"). `model` None takes the server's first one.

    `sees`: send pictures instead of the detector's findings. Connects when the first reply is asked for. The server
    may be silent for `silence_s`, and a reply may take `turn_s`.
    """
    return lambda: RemoteEngine(
        ChatServer(url, model, api_key=api_key, silence_s=silence_s, turn_s=turn_s), context_tokens, sees=sees
    )


class RemoteEngine:
    """One session. Blocks are kept within `context_tokens`; the oldest turns are evicted first."""

    def __init__(self, server: ChatServer, context_tokens: int, *, sees: bool) -> None:
        self.can = Capabilities(hears=False, sees=sees, speaks=False)
        self._server, self._limit = server, context_tokens
        self._blocks: list[Block] = []
        self._dropped = 0
        self._unconfirmed = False  # whether the last block is a reply that was not confirmed as heard
        self._log = EventLog()
        self._conversation_log = ConversationLog(self._log)

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
        """Text as the server sends it; empty where the user has said nothing. Raises what `ChatServer.reply` does."""
        if not self._blocks or not isinstance(self._blocks[-1], TextBlock):
            return
        if (recalled_answer := self._recalled(self._blocks[-1])) is not None:
            self._record_reply(recalled_answer.text)
            yield TextDelta(recalled_answer.text, recalled_answer.at)
            return
        said = ""
        async with aclosing(self._server.reply(self._request_body)) as texts:  # type: ignore[type-var]
            async for text in texts:
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
        await self._server.close()

    def context(self) -> ContextUse:
        """An estimate: servers count tokens only after a reply."""
        tokens = {"system": 0, "picture": 0, "text": 0, "reply": 0}
        for block in self._blocks:
            tokens[_kind(block)] += _tokens(block)
        return ContextUse(tokens, self._limit, self._dropped)

    def _request_body(self, model: str) -> dict[str, Any]:
        return request_body(
            self._blocks, model=model, sees=self.can.sees, most_tokens=MAX_REPLY_TOKENS, temperature=TEMPERATURE
        )

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
