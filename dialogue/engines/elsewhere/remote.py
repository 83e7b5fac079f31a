"""A chat model behind HTTP: any OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama).

The only engine that sends a conversation to another machine. Streams text deltas; the conversation is kept here and
sent whole with each request. `dialogue.remote.chat_server` reads the replies within bounds. Turns that no longer fit
are not sent; the event log keeps a line of each, for recall by rule.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from dialogue.blocks import (
    Block,
    PictureBlock,
    ReplyBlock,
    SceneBlock,
    SoundBlock,
    SystemBlock,
    TextBlock,
    ToolBlock,
)
from dialogue.engine import Capabilities, ConsentDelta, ContextUse, Delta, Engine, EngineFactories, Mark, TextDelta
from dialogue.engines.elsewhere.remote_tools import RemoteTools
from dialogue.errors import BadInput
from dialogue.languages.consent import declined
from dialogue.languages.detect import language_of_turn
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Entry
from dialogue.prompts.prompt import CHAT_PERSONA, clean
from dialogue.prompts.scene_text import scene_entry
from dialogue.remote.chat_server import ChatServer
from dialogue.remote.circuit_breaker import CircuitBreaker
from dialogue.remote.remote_answers import RemoteAnswers, ServerAlone
from dialogue.remote.remote_calls import CallPieces
from dialogue.remote.remote_format import request_body
from dialogue.rules.recall.conversation_record import ConversationRecord
from dialogue.tools.running_calls import MAX_ROUNDS
from dialogue.tools.toolbox import Toolbox

MAX_REPLY_TOKENS, TEMPERATURE = 256, 0.6
# Rough estimates, for the meter and for evicting old turns: characters a token, tokens a picture and a second of sound.
CHARACTERS_PER_TOKEN, TOKENS_PER_PICTURE, TOKENS_PER_SECOND = 4, 700, 25


def open_remote(
    url: str,
    model: str | None = None,
    *,
    context_tokens: int = 8192,
    sees: bool = False,
    hears: bool = False,
    stand_in: Callable[[], Engine] | None = None,
    **options: Any,
) -> EngineFactories:
    """Factories of sessions with the server at `url` (".../v1"). `model` None takes the server's first one.

    `sees`: send pictures instead of the detector's findings; `hears`: send sound beside the words. `stand_in` opens a
    session of an engine on this machine,
    which answers in calls while the server does not; chat requests raise the error instead. `options` go to
    `ChatServer`. Connects when the first reply is asked for.
    """
    breaker = CircuitBreaker()

    def live() -> Engine:
        answers = RemoteAnswers(ChatServer(url, model, **options), breaker, stand_in)
        return RemoteEngine(answers, context_tokens, sees=sees, hears=hears)

    def chat() -> Engine:
        alone = ServerAlone(ChatServer(url, model, **options))
        return RemoteEngine(alone, context_tokens, sees=sees, hears=hears)

    return EngineFactories(live, chat)


class RemoteEngine:
    """One session. What is sent is kept within `context_tokens`: old pictures and turns are left out."""

    def __init__(
        self, answers: RemoteAnswers | ServerAlone, context_tokens: int, *, sees: bool, hears: bool = False
    ) -> None:
        self.can = Capabilities(hears=False, sees=sees, speaks=False, tools=True, takes_sound=hears)
        self._answers, self._limit, self._system = answers, context_tokens, CHAT_PERSONA
        self._record = ConversationRecord(_tokens)
        self._tools = RemoteTools(self._record)
        self.called = self._tools.called

    def equip(self, toolbox: Toolbox) -> None:
        self._tools.equip(toolbox)

    async def feed(self, block: Block) -> None:
        """Keeps the block for the next request."""
        match block:
            case SystemBlock(text):
                self._system = text
            case SceneBlock() | PictureBlock() if isinstance(block, SceneBlock) == self.can.sees:
                return
            case SoundBlock() if not self.can.takes_sound:
                return
            case _:
                self._record.add(block)
        self._make_room()

    async def reply(self) -> AsyncGenerator[Delta, None]:
        """Text as the server sends it; empty where the user has said nothing. Raises what `answers` raise."""
        asked = self._record.timeline.asked
        if asked is None:
            return
        if (recalled_answer := await self._record.recalled()) is not None:
            self._record.timeline.replying(recalled_answer.text)
            yield TextDelta(recalled_answer.text, recalled_answer.at)
            return
        if await self._tools.answer_to_question(asked) is False:
            said = declined(language_of_turn(asked))
            self._record.timeline.replying(said)
            yield TextDelta(said)
            return
        async for delta in self._rounds():
            yield delta

    async def _rounds(self) -> AsyncGenerator[Delta, None]:
        """The server's words, and between them the rounds of calls that it needs; there are at most MAX_ROUNDS."""
        said = ""
        for offered in (*[self._tools.schemas] * MAX_ROUNDS, []):
            calls = CallPieces()
            body = partial(self._request_body, tools=offered)
            async with aclosing(self._answers.reply(body, self._blocks(), calls)) as texts:
                async for text in texts:
                    said += text
                    self._record.timeline.replying(said)
                    yield TextDelta(text)
            if not offered or not (made := calls.calls):
                return
            question = await self._tools.run(made)
            self._make_room()
            pause = " " if said and not said[-1].isspace() else ""
            if question is not None:
                self._record.timeline.replying(f"{said}{pause}{question}")
                yield TextDelta(f"{pause}{question}")
                yield ConsentDelta(question)
                return
            if pause:
                said += pause
                yield TextDelta(pause)

    async def mark(self) -> Mark:
        return Mark(self._record.timeline.position)

    async def rewind(self, mark: Mark) -> None:
        self._record.rewind(mark.position)

    async def close(self) -> None:
        self._record.close()
        await self._answers.close()

    def context(self) -> ContextUse:
        """An estimate: servers count tokens only after a reply."""
        return self._record.window.use(self._standing(), self._limit)

    def _blocks(self) -> list[Block]:
        """The conversation for a stand-in."""
        contents = (entry.content for entry in self._record.window.entries)
        said = [content for content in contents if isinstance(content, TextBlock | ReplyBlock)]
        instruction = [SystemBlock(self._system)] if self._system != CHAT_PERSONA else []
        return [*instruction, *said, self._record.timeline.scene]

    def _request_body(self, model: str, tools: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        return request_body(
            self._record.window.entries,
            model=model,
            system=self._system,
            sees=self.can.sees,
            hears=self.can.takes_sound,
            most_tokens=MAX_REPLY_TOKENS,
            temperature=TEMPERATURE,
            tools=tools,
        )

    def _standing(self) -> list[LedgerEntry]:
        return [LedgerEntry("system", _estimate(self._system), 0.0, 0.0, turn=0, pinned=True)]

    def _make_room(self) -> None:
        """Evicts what does not fit with room for the reply. What must stay is sent although it may be too long: the
        count is an estimate, and the server knows better."""
        with suppress(BadInput):
            self._record.make_room(MAX_REPLY_TOKENS, self._limit, self._limit * 3 // 4, self._standing())


def _tokens(entry: Entry) -> int:
    match entry.content:
        case PictureBlock():
            return TOKENS_PER_PICTURE
        case SoundBlock(samples):
            return TOKENS_PER_SECOND * len(samples) // 16_000
        case Keyframe():
            return _estimate(scene_entry(entry.content))
        case ToolBlock(written, results):
            return _estimate(written) + sum(map(_estimate, results))
        case _:
            return _estimate(clean(entry.text))


def _estimate(text: str) -> int:
    return len(text) // CHARACTERS_PER_TOKEN + 4
