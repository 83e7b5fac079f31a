"""A caller of each realtime dialect, for load: it says its sound in real time and notes when it is answered."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Sound = NDArray[np.float32]

PIECE_S = 0.04


class CallRefused(Exception):
    """The server has no place for the call."""


class DialectCaller(ABC):
    """One connection. `speak` sends sound at its pace; `first_audio_at` and `words` are those of the latest reply."""

    rate: ClassVar[int]
    path: ClassVar[str]
    protocols: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.first_audio_at: float | None = None
        self.words = ""
        self.errors: list[str] = []
        self._connection: ClientConnection | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def open(self, url: str) -> None:
        """Connects to the server at `url` ("http://host:port/"). Raises Refused when there is no place."""
        address = url.replace("http", "ws", 1).rstrip("/") + self.path
        protocols: Any = list(self.protocols) or None
        self._connection = await connect(address, subprotocols=protocols, max_size=2**24)
        await self._begin()
        self._hearing = asyncio.create_task(self._hear())

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        if self._hearing is not None:
            await self._hearing

    async def speak(self, sound: Sound) -> None:
        """Sends float32 (n,) at `rate` in pieces, each when it would have been recorded."""
        due, size = time.monotonic(), round(self.rate * PIECE_S)
        for start in range(0, len(sound), size):
            piece = sound[start : start + size]
            due += len(piece) / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self.send(self._append(piece))

    def forget(self) -> None:
        """What was said so far no longer counts as the latest reply."""
        self.first_audio_at, self.words = None, ""

    async def send(self, message: Mapping[str, Any]) -> None:
        assert self._connection is not None
        await self._connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        assert self._connection is not None
        message: dict[str, Any] = json.loads(await self._connection.recv())
        return message

    async def _hear(self) -> None:
        try:
            while True:
                self._take(await self.receive())
        except ConnectionClosed:
            return

    def _sounded(self) -> None:
        if self.first_audio_at is None:
            self.first_audio_at = time.monotonic()

    @abstractmethod
    async def _begin(self) -> None:
        """Exchanges the first messages. Raises Refused."""

    @abstractmethod
    def _append(self, piece: Sound) -> dict[str, Any]:
        """The message that carries a piece of sound."""

    @abstractmethod
    def _take(self, message: Mapping[str, Any]) -> None:
        """Takes note of an event of the server."""


class OpenAiCaller(DialectCaller):
    """OpenAI Realtime."""

    rate = 24_000
    path = "/v1/realtime?model=load"
    protocols = ("realtime",)

    async def _begin(self) -> None:
        first = await self.receive()
        if first["type"] == "error":
            raise CallRefused(first["error"]["message"])

    def _append(self, piece: Sound) -> dict[str, Any]:
        return {"type": "input_audio_buffer.append", "audio": pcm16(piece)}

    def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "response.output_audio.delta":
                self._sounded()
            case "response.output_audio_transcript.delta":
                self.words += message["delta"]
            case "error":
                self.errors.append(message["error"]["message"])


class MiniCpmCaller(DialectCaller):
    """OpenBMB's Realtime V1. A call that would have to wait in the queue counts as refused."""

    rate = 16_000
    path = "/v1/realtime?mode=audio&model=load"
    protocols = ("map.realtime",)

    async def _begin(self) -> None:
        first = await self.receive()
        if first["type"] != "session.queue_done":
            raise CallRefused(str(first))
        await self.send({"type": "session.init", "payload": {}})
        await self.receive()

    def _append(self, piece: Sound) -> dict[str, Any]:
        audio = base64.b64encode(piece.astype("<f4").tobytes()).decode()
        return {"type": "input.append", "input": {"audio": audio}}

    def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "response.output_audio.delta":
                self._sounded()
            case "response.output_text.delta":
                self.words += message["text"]
            case "error":
                self.errors.append(message["error"]["message"])


class LiveCaller(DialectCaller):
    """OpenAI Live."""

    rate = 24_000
    path = "/v1/live/sessions"

    async def _begin(self) -> None:
        await self.send({"type": "session.start", "session": {"model": "load"}})
        first = await self.receive()
        if first["type"] != "session.started":
            raise CallRefused(str(first))

    def _append(self, piece: Sound) -> dict[str, Any]:
        return {"type": "session.input_audio.append", "audio": pcm16(piece)}

    def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "session.output_audio.delta":
                self._sounded()
            case "session.output_transcript.delta":
                self.words += message["delta"]
            case "error":
                self.errors.append(message["error"]["message"])


def pcm16(samples: Sound) -> str:
    """Float32 samples as base64 PCM of 16 bits."""
    return base64.b64encode((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()).decode()


DIALECTS: Mapping[str, type[DialectCaller]] = {"openai": OpenAiCaller, "minicpm": MiniCpmCaller, "live": LiveCaller}
