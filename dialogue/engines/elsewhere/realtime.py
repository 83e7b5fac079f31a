"""A realtime server as a full-duplex engine: sound goes there as it comes, and the server answers when it chooses.

The server's own voice is heard. What was said stays here too, in a record with a ledger: after a lost connection the
conversation goes on with it on a new one. Starts no task; `spoken` opens the connection, and opens it again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from dialogue.blocks import Block, ReplyBlock, SystemBlock, TextBlock, TranscriptBlock, UnitBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Mark, SoundDelta, UnitAnswer
from dialogue.errors import BadInput, EngineLost
from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.timeline import Entry
from dialogue.remote.realtime.far_events import (
    FarCall,
    FarDialect,
    FarDone,
    FarEvent,
    FarFault,
    FarQueue,
    FarReady,
    FarSound,
    FarWords,
    Samples,
    Standing,
)
from dialogue.remote.realtime.live_far import LiveFar
from dialogue.remote.realtime.minicpm_far import MiniCpmFar
from dialogue.remote.realtime.openai_far import RATE_HZ, OpenAiFar
from dialogue.remote.realtime.realtime_socket import RealtimeSocket
from dialogue.remote.retries import Unavailable
from dialogue.rules.recall.conversation_record import ConversationRecord
from dialogue.tools.built_in_tools import user_tools
from dialogue.tools.running_calls import run_call
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Toolbox

PERSONA = (
    "You are Omni, a friendly voice assistant. Answer in one to three short sentences of plain spoken language. If you "
    "do not know something, you say so."
)
READY_S, QUEUE_S, ANSWER_S = 10.0, 60.0, 25.0
QUIET_S = 0.8  # without speech: a reply is over, where the dialect does not say so
SILENT = 1e-3  # of full scale: sound below it is no speech
CHARACTERS_PER_TOKEN = 4  # a rough estimate, for the ledger

Resampling = Callable[[int, int], Callable[[Samples], Samples]]


@dataclass(frozen=True)
class RealtimeServer:
    """A server that sessions share, at the `address` of a WebSocket in the dialect `kind`. `resampling` makes a
    resampler of a stream, from and to a rate in Hz. `sees`: the server takes pictures, where the dialect has them."""

    address: str
    kind: Literal["openai", "live", "minicpm"]
    resampling: Resampling
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    sees: bool = True
    context_tokens: int = 8192
    answer_s: float = ANSWER_S
    ready_s: float = READY_S

    @property
    def can(self) -> Capabilities:
        return self.dialect(Standing(PERSONA)).can

    def __call__(self) -> RealtimeEngine:
        return RealtimeEngine(self)

    def dialect(self, standing: Standing) -> FarDialect:
        match self.kind:
            case "live":
                return LiveFar(standing)
            case "minicpm":
                return MiniCpmFar(standing, sees=self.sees)
            case _:
                return OpenAiFar(standing, self.resampling(16_000, RATE_HZ))


class RealtimeEngine:
    """One session. `spoken` and `feed` may be awaited at the same time."""

    def __init__(self, server: RealtimeServer) -> None:
        self._server, self._limit = server, server.context_tokens
        self.can = server.can
        self._instruction = PERSONA
        self._record = ConversationRecord(_tokens)
        self._socket: RealtimeSocket | None = None
        self._dialect: FarDialect | None = None
        self._ready = False
        self._answers: deque[UnitAnswer] = deque()
        self._items: list[tuple[str, float]] = []  # of the reply: the parts of its sound, with their seconds
        self._replying = self._ignoring = False
        self._loud_until = 0.0  # on the clock of the event loop: when the last speech of the reply came
        self._number = 0
        self._tools: tuple[Tool, ...] = ()

    def equip(self, toolbox: Toolbox) -> None:
        """Takes the user's functions, where the server calls functions. Nobody can be asked for consent in its place,
        so those that need it are left out. Comes before the first block."""
        safe = tuple(tool for tool in toolbox.user_tools if not tool.asks) if self.can.tools else ()
        self._tools = user_tools(replace(toolbox, user_tools=safe))

    async def feed(self, block: Block) -> None:
        """Sends units; keeps what was said. Raises BadInput for typed text that the dialect cannot send."""
        match block:
            case SystemBlock(text):
                self._instruction = text
            case UnitBlock() if self._ready and self._socket is not None and self._dialect is not None:
                with suppress(Unavailable):  # `spoken` finds it out, too
                    await self._socket.send(self._dialect.hear(block))
                if block.text:
                    self._keep(TextBlock(block.text, block.start, block.start, typed=True))
            case UnitBlock() if block.text:
                raise BadInput("The realtime server is not connected: please write that again in a moment.")
            case TranscriptBlock(text, start, end) if text.strip():
                self._keep(TextBlock(text, start, end))
            case ReplyBlock():
                self._items.clear()
                self._keep(block)

    async def spoken(self) -> UnitAnswer:
        """Waits for what the server says next. An answer without text and sound says that it is connected.

        Raises EngineLost where the server is lost, its subclass Unavailable where that may pass; the next call
        connects again, with what was said before. Raises BadInput for what the server says of an error.
        """
        try:
            while not self._answers:
                if self._socket is None:
                    await self._open()
                await self._receive()
        except EngineLost:
            await self._drop()
            raise
        return self._answers.popleft()

    async def reply(self) -> AsyncGenerator[Delta, None]:
        raise AssertionError("This engine answers when its server does; see `spoken`.")
        yield

    async def break_off(self, characters: int, heard_s: float) -> None:
        self._answers.clear()
        item, into_s = self._place(heard_s)
        self._items.clear()
        self._ignoring = self._replying and self._dialect is not None and self._dialect.ends_by_silence
        self._replying = False
        if self._socket is not None and self._dialect is not None:
            with suppress(Unavailable):
                await self._socket.send(self._dialect.cut(item, into_s))

    async def mark(self) -> Mark:
        return Mark(self._record.timeline.position)

    async def rewind(self, mark: Mark) -> None:
        self._record.rewind(mark.position)

    async def close(self) -> None:
        self._record.close()
        socket, dialect, self._socket = self._socket, self._dialect, None
        if socket is not None and dialect is not None:
            await socket.close(dialect.closing())

    def context(self) -> ContextUse:
        """An estimate of what a new connection would be given."""
        return self._record.window.use(self._standing_entries(), self._limit)

    async def _open(self) -> None:
        window = [entry.content for entry in self._record.window.entries]
        said = [content for content in window if isinstance(content, TextBlock | ReplyBlock)]
        server = self._server
        functions = [tool.as_schema() for tool in self._tools]
        self._dialect = server.dialect(Standing(self._instruction, server.model, said, functions))
        self._ready = self._replying = self._ignoring = False
        self._socket = await RealtimeSocket.open(server.address, server.api_key, self._dialect.protocols)
        await self._socket.send(self._dialect.opened())

    async def _drop(self) -> None:
        socket, self._socket, self._ready = self._socket, None, False
        self._answers.clear()
        self._items.clear()
        if socket is not None:
            await socket.close()

    async def _receive(self) -> None:
        socket, dialect = self._socket, self._dialect
        assert socket is not None and dialect is not None, "it was opened"
        message = await socket.receive(self._patience_s())
        if message is None:
            self._nothing_came()
            return
        taken = dialect.take(message)
        await socket.send(taken.answers)
        for event in taken.events:
            if isinstance(event, FarCall):
                result = await run_call(event.call, self._tools)
                await socket.send(dialect.result(event.call, result))
            else:
                self._take(event)

    def _patience_s(self) -> float | None:
        """How long to wait for a message; None for as long as it takes."""
        assert self._dialect is not None
        if not self._ready:
            return self._server.ready_s
        if self._dialect.ends_by_silence and (self._replying or self._ignoring):
            return max(0.01, self._loud_until + QUIET_S - _now())
        return self._server.answer_s if self._dialect.awaits_answer else None

    def _nothing_came(self) -> None:
        assert self._dialect is not None
        if self._ready and self._dialect.ends_by_silence:
            self._over()
            return
        waited = f"{self._server.answer_s if self._ready else self._server.ready_s:.0f} s"
        raise Unavailable(f"The realtime server has not answered for {waited}; check whether it is overloaded.")

    def _take(self, event: FarEvent) -> None:
        match event:
            case FarReady():
                self._ready = True
                self._answers.append(UnitAnswer(self._number))
            case FarQueue(position, wait_s):
                wait = f", about {wait_s:.0f} s" if wait_s is not None else ""
                raise BadInput(f"The realtime server has no place yet: number {position} in its queue{wait}.")
            case FarWords(text) if not self._ignoring:
                self._say(UnitAnswer(self._number, listening=False, text=text))
            case FarSound(samples, rate, item):
                self._sound(samples, rate, item)
            case FarDone():
                self._over()
            case FarFault(message, lost):
                raise EngineLost(message) if lost else BadInput(message)

    def _sound(self, samples: Samples, rate: int, item: str) -> None:
        loud = len(samples) > 0 and float(np.abs(samples).max()) >= SILENT
        if loud:
            self._loud_until = _now()
        elif _now() > self._loud_until + QUIET_S and self._server_is_silent():
            return
        if self._ignoring or not len(samples):
            return
        if self._items and self._items[-1][0] == item:
            self._items[-1] = item, self._items[-1][1] + len(samples) / rate
        else:
            self._items.append((item, len(samples) / rate))
        self._say(UnitAnswer(self._number, listening=False, sound=SoundDelta(samples, rate)))

    def _server_is_silent(self) -> bool:
        """A dialect that sends sound without a pause sends silence: nothing is being said any more."""
        assert self._dialect is not None
        if self._dialect.ends_by_silence:
            self._over()
        return self._dialect.ends_by_silence

    def _say(self, answer: UnitAnswer) -> None:
        if not self._replying:
            self._replying, self._loud_until = True, _now()
        self._answers.append(answer)

    def _over(self) -> None:
        if self._replying:
            self._number += 1
            self._answers.append(UnitAnswer(self._number, listening=False, turn_over=True))
        self._replying = self._ignoring = False

    def _place(self, heard_s: float) -> tuple[str, float]:
        """The part of the reply that was playing after `heard_s`, and the seconds of it that were heard."""
        for item, length_s in self._items:
            if heard_s <= length_s:
                return item, heard_s
            heard_s -= length_s
        return self._items[-1] if self._items else ("", 0.0)

    def _keep(self, block: Block) -> None:
        self._record.add(block)
        with suppress(BadInput):  # a long turn stays
            self._record.make_room(0, self._limit, self._limit * 3 // 4, self._standing_entries())

    def _standing_entries(self) -> list[LedgerEntry]:
        return [LedgerEntry("system", len(self._instruction) // CHARACTERS_PER_TOKEN, 0.0, 0.0, turn=0, pinned=True)]


def _tokens(entry: Entry) -> int:
    return len(entry.text) // CHARACTERS_PER_TOKEN + 4


def _now() -> float:
    return asyncio.get_running_loop().time()
