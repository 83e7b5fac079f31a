"""OpenAI's agent framework holds a conversation with a running server over its Realtime client."""

from __future__ import annotations

import asyncio

import pytest
from agents.realtime import RealtimeAgent, RealtimeRunner

from tests.browser.served import ServerProcess


@pytest.fixture(autouse=True)
def no_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")


async def conversation(server: str) -> tuple[str, int, list[str]]:
    """(the reply's words, bytes of its sound, errors) to a typed question."""
    agent = RealtimeAgent(name="Assistant", instructions="Answer briefly.")
    url = server.replace("http", "ws", 1) + "v1/realtime?model=any"
    sound, errors, words = 0, list[str](), ""
    async with await RealtimeRunner(agent).run(model_config={"url": url, "api_key": "none"}) as session:
        await session.send_message("What is 6 times 7?")
        async with asyncio.timeout(30):
            async for event in session:
                match event.type:
                    case "audio":
                        sound += len(event.audio.data)
                    case "error":
                        errors.append(str(event.error))
                    case "history_updated":
                        parts = [part for item in event.history if item.type == "message" for part in item.content]
                        words = " ".join(str(getattr(part, "transcript", None) or "") for part in parts)
                    case "agent_end":
                        break
    return words, sound, errors


def test_an_agent_is_answered_by_voice(server: ServerProcess) -> None:
    words, sound, errors = asyncio.run(conversation(server.url))
    assert errors == []
    assert "42" in words or "forty" in words
    assert sound > 0.3 * 2 * 24_000
