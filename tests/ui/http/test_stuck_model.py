"""While a step of a model does not return, the server says so, takes no calls, and gives up after a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stream.session.step_watch import STEP_LIMIT_S
from tests.ui.caller import Caller, house
from tests.ui.tracks import Tone
from ui.http.server import BROKEN_AFTER_S, ServerBroken


def test_a_stuck_model_is_reported_and_calls_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            server.parts.busy_s = STEP_LIMIT_S - 1
            assert (await server.client.get("/healthz")).json()["status"] == "ok"
            server.parts.busy_s = STEP_LIMIT_S + 1
            health = await server.client.get("/healthz")
            assert (health.status_code, health.json()["status"]) == (503, "stuck")
            refused = await caller.post()
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stuck")
            assert int(refused.headers["retry-after"]) > 0
            server.parts.busy_s = 0.0
            assert (await server.client.get("/healthz")).status_code == 200
            await caller.call()

    asyncio.run(story())


def test_a_server_whose_model_never_returns_ends_so_that_it_is_started_again(tmp_path: Path) -> None:
    assert BROKEN_AFTER_S == 60.0 > STEP_LIMIT_S

    async def story() -> None:
        async with house(tmp_path) as server:
            server.parts.busy_s = BROKEN_AFTER_S + 1
            async with asyncio.timeout(10):
                await server.serving

    with pytest.raises(BaseExceptionGroup) as broken:
        asyncio.run(story())
    assert broken.value.subgroup(ServerBroken) is not None
