"""A server whose models are replaced by better ones while it takes calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dialogue.errors import AssistantError
from stream.models.capacity import Capacity
from stream.models.setup import Setup
from tests.ui.caller import SETUP, Caller, House, NoModels, house
from tests.ui.tracks import Tone


class HeldUpgrade:
    """Ends when the test says so: with better parts, or with an error."""

    def __init__(self) -> None:
        self.better = NoModels(Capacity(1, "1 conversation"))
        self.may_end, self.error = asyncio.Event(), ""
        self.got: list[NoModels] = []

    async def __call__(self, parts: NoModels, arrived: Callable[[int, int], None]) -> tuple[Setup, NoModels]:
        self.got.append(parts)
        arrived(430, 1000)
        await self.may_end.wait()
        if self.error:
            raise AssistantError(self.error)
        return replace(SETUP, llm_choice="the better one"), self.better


async def health(server: House) -> dict[str, object]:
    answer: dict[str, object] = (await server.client.get("/healthz")).json()
    return answer


def codes(caller: Caller) -> list[str]:
    """Those of the notices that have arrived."""
    return [message["code"] for message in caller.messages if message["type"] == "notice"]


async def ended(server: House) -> dict[str, object]:
    """The health once the upgrade is over."""
    async with asyncio.timeout(5):
        while "upgrade" in (found := await health(server)) or "llm" not in found:  # noqa: ASYNC110 - as a load balancer would
            await asyncio.sleep(0.02)
    return found


def test_calls_that_begin_later_get_the_better_models(tmp_path: Path) -> None:
    async def story() -> None:
        upgrade = HeldUpgrade()
        async with (
            house(tmp_path, upgrade=upgrade) as server,
            Caller(server.client, (Tone(),)) as first,
            Caller(server.client, (Tone(),)) as second,
        ):
            await first.call()
            assert (await first.message("hello"))["upgrading"] is True
            notice = await first.message("notice")
            assert notice["code"] == "llm_upgrade"
            assert "43%" in notice["text"]
            assert (await health(server))["upgrade"] == 0.43
            upgrade.may_end.set()
            reported = await ended(server)
            assert (reported["llm"], reported["capacity"]) == ("the better one", 1)
            async with asyncio.timeout(5):
                while "llm_upgraded" not in codes(first):  # noqa: ASYNC110 - the observed state has nothing to await
                    await asyncio.sleep(0.02)
            assert server.opened == [server.parts]
            first.send({"type": "bye"})
            async with asyncio.timeout(5):
                while (await health(server))["sessions"]:  # noqa: ASYNC110 - as a load balancer would
                    await asyncio.sleep(0.02)
            await second.call()
            assert "upgrading" not in await second.message("hello")
            assert server.opened == [server.parts, upgrade.better]
            assert not server.parts.closed, "calls of the first models may still run"
            await server.stop()
            assert server.parts.closed and upgrade.better.closed

    asyncio.run(story())


def test_an_upgrade_that_fails_leaves_the_small_model(tmp_path: Path) -> None:
    async def story() -> None:
        upgrade = HeldUpgrade()
        async with house(tmp_path, upgrade=upgrade) as server, Caller(server.client, (Tone(),)) as caller:
            upgrade.error = "no network"
            upgrade.may_end.set()
            assert (await ended(server))["llm"] == "the small one stays: no network"
            await caller.call()
            assert "upgrading" not in await caller.message("hello")
            assert server.opened == [server.parts]

    asyncio.run(story())


def test_a_server_that_stops_ends_its_upgrade(tmp_path: Path) -> None:
    async def story() -> None:
        upgrade = HeldUpgrade()
        async with house(tmp_path, upgrade=upgrade) as server:
            await server.stop()
            assert upgrade.got == [server.parts]
            assert server.parts.closed

    asyncio.run(story())
