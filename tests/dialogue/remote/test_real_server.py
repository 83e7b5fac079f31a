"""The remote engine against llama.cpp's server with the embedded model: a server that is not ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from dialogue.blocks import ReplyBlock, SoundBlock, SystemBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.elsewhere.remote import open_remote
from dialogue.errors import EngineLost
from dialogue.remote.chat_server import ChatServer
from tests.real_chat_server import llama_server

KEY = "a-key-for-the-tests"


@pytest.fixture(scope="module")
def url(smollm2_path: Path) -> Iterator[str]:
    with llama_server(smollm2_path, KEY) as url:
        yield url


def test_a_conversation_is_streamed_word_by_word(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialogue.engines.elsewhere.remote.TEMPERATURE", 0.0)

    async def talk() -> tuple[list[str], str]:
        engine = open_remote(url, api_key=KEY).chat()
        await engine.feed(SystemBlock("Answer in one short sentence."))
        await engine.feed(TextBlock("What is the capital of France?", 0, 1))
        pieces = [delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)]
        await engine.feed(ReplyBlock("".join(pieces), 1, 2))
        await engine.feed(TextBlock("What is the capital of Italy?", 3, 4))
        second = "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])
        await engine.close()
        return pieces, second

    pieces, second = asyncio.run(talk())
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)
    assert "Rome" in second


def test_a_server_whose_model_does_not_hear_gets_the_words_alone(url: str) -> None:
    async def talk() -> str:
        engine = open_remote(url, api_key=KEY, hears=True).chat()
        await engine.feed(SoundBlock(np.zeros(16_000, np.float32), 0.0))
        await engine.feed(TextBlock("What is the capital of France?", 0, 1))
        said = "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])
        await engine.close()
        return said

    assert "Paris" in asyncio.run(talk())


def test_a_wrong_key_is_named_as_the_fault(url: str) -> None:
    async def talk() -> None:
        engine = open_remote(url, api_key="wrong").chat()
        await engine.feed(TextBlock("Hello!", 0, 1))
        with pytest.raises(EngineLost, match="refused the API key with status 401"):
            [delta async for delta in engine.reply()]
        await engine.close()

    asyncio.run(talk())


def test_an_interrupted_reply_frees_the_servers_only_place(url: str) -> None:
    def body(words: str, most: int) -> Any:
        messages = [{"role": "user", "content": words}]
        return lambda model: {"model": model, "messages": messages, "stream": True, "max_tokens": most}

    async def busy() -> bool:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as client:
            slots = (await client.get(f"{url.removesuffix('/v1')}/slots")).json()
        return any(slot["is_processing"] for slot in slots)

    async def talk() -> float:
        server = ChatServer(url, "small", api_key=KEY)
        async with aclosing(server.reply(body("Count from one to a thousand, in words.", 1500))) as texts:
            assert await anext(texts)
            assert await busy()
        began = time.perf_counter()
        async with asyncio.timeout(10):
            while await busy():  # noqa: ASYNC110 - a server has nothing to await
                await asyncio.sleep(0.05)
        freed = time.perf_counter() - began
        assert "".join([text async for text in server.reply(body("Say hello.", 8))])
        await server.close()
        return freed

    assert asyncio.run(talk()) < 5.0, "1500 tokens would take longer"
