"""Wrong tokens of one address are counted; after some, it is refused unseen, and others are not."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from dialogue.errors import BadInput
from ui.http.guard import WRONG_TOKENS_AT_ONCE, Guard, Receive, Scope, Send
from ui.openai.api_keys import ApiKey, ApiKeys, digest

TOKEN = "the-right-token-of-this-server"


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Client:
    """Sends requests from one address."""

    def __init__(self, guard: Guard, address: str) -> None:
        self._guard, self._address = guard, address
        self.headers: dict[bytes, bytes] = {}  # of the last answer

    async def asks(
        self, token: str | None, path: str = "/call", origin: str | None = None, method: str = "POST"
    ) -> int:
        headers = [(b"host", b"house"), *([(b"origin", origin.encode())] if origin is not None else [])]
        if token is not None:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": (self._address, 1)}
        status = 0

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            self.headers = dict(message.get("headers", self.headers))

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.disconnect"}

        await self._guard(scope, receive, send)
        return status


def test_guesses_of_a_token_have_a_rate_by_address() -> None:
    async def story() -> None:
        guard = Guard(served, hosts=None, token=TOKEN)
        guessing, honest = Client(guard, "10.0.0.1"), Client(guard, "10.0.0.2")
        answers = [await guessing.asks(f"guess number {n}") for n in range(50)]
        tried = int(WRONG_TOKENS_AT_ONCE)
        assert answers == [401] * tried + [429] * (50 - tried)
        assert await guessing.asks(TOKEN) == 429, "the right one cannot be found among the guesses"
        assert [await honest.asks(TOKEN), await honest.asks("typo"), await honest.asks(TOKEN)] == [200, 401, 200]

    asyncio.run(story())


def test_requests_without_a_token_are_no_guesses() -> None:
    async def story() -> None:
        client = Client(Guard(served, hosts=None, token=TOKEN), "10.0.0.1")
        assert {await client.asks(None) for _ in range(100)} == {401}
        assert await client.asks(TOKEN) == 200

    asyncio.run(story())


def test_clients_behind_a_proxy_on_this_machine_are_not_counted_as_one() -> None:
    async def story() -> None:
        client = Client(Guard(served, hosts=None, token=TOKEN), "127.0.0.1")
        assert {await client.asks("wrong") for _ in range(100)} == {401}
        assert await client.asks(TOKEN) == 200

    asyncio.run(story())


def test_keys_open_the_endpoints_of_clients_alone() -> None:
    async def story() -> None:
        keys = ApiKeys({digest("the key of a bridge"): ApiKey("bridge")})
        secret, _ = keys.new_secret("the key of a bridge", None, 60)
        client = Client(Guard(served, hosts=None, token=TOKEN, keys=keys), "10.0.0.1")
        assert [await client.asks("the key of a bridge", path) for path in ("/v1/models", "/call")] == [200, 401]
        assert [await client.asks(secret, path) for path in ("/v1/realtime", "/v1/models")] == [200, 401]
        assert [await client.asks(TOKEN, path) for path in ("/v1/models", "/call")] == [200, 200]

    asyncio.run(story())


def test_keys_are_needed_on_loopback_too_where_there_are_any() -> None:
    async def story() -> None:
        keys = ApiKeys({digest("the key of a bridge"): ApiKey("bridge")})
        client = Client(Guard(served, hosts=None, token=None, keys=keys), "127.0.0.1")
        assert [await client.asks(None, path) for path in ("/v1/models", "/call")] == [401, 200]
        assert await client.asks("the key of a bridge", "/v1/models") == 200

    asyncio.run(story())


def test_pages_of_allowed_sites_may_use_the_endpoints_alone() -> None:
    async def story() -> None:
        keys, site = ApiKeys(), "https://app.example"
        keys.allow([f"{site}/"])
        client = Client(Guard(served, hosts=None, token=None, keys=keys), "127.0.0.1")
        assert await client.asks(None, "/v1/realtime/calls", site, "OPTIONS") == 204
        assert client.headers[b"access-control-allow-origin"] == site.encode()
        assert await client.asks(None, "/v1/realtime/calls", site) == 200
        assert client.headers[b"access-control-expose-headers"] == b"Location"
        assert await client.asks(None, "/call", site) == 403
        assert await client.asks(None, "/v1/realtime/calls", "https://other.example") == 403
        assert b"access-control-allow-origin" not in client.headers
        for odd in ("app.example", "https://app.example/page", "*"):
            with pytest.raises(BadInput, match="is no origin"):
                keys.allow([odd])

    asyncio.run(story())
