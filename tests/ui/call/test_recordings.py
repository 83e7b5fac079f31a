"""A call is recorded where the server records and the caller has agreed; the page is informed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.ui.caller import Caller, house
from tests.ui.tracks import Tone


@pytest.mark.parametrize(
    ("records", "agrees", "recorded"),
    [(True, True, True), (True, "yes", False), (True, False, False), (False, True, False)],
)
def test_nothing_is_recorded_without_both(tmp_path: Path, records: bool, agrees: object, recorded: bool) -> None:
    async def story() -> None:
        folder = tmp_path / "calls"
        folder.mkdir()
        async with (
            house(tmp_path, record=folder if records else None) as server,
            Caller(server.client, (Tone(),)) as caller,
        ):
            assert (await server.client.get("/healthz")).json().get("records", False) is records
            await caller.call(record=agrees)
            assert (await caller.message("hello")).get("recorded", False) is recorded
            [session] = server.sessions
            assert session.recorded is recorded
            assert [each.name.endswith(caller.session) for each in folder.iterdir()] == [True] * recorded

    asyncio.run(story())


def test_a_folder_that_cannot_be_made_costs_the_recording_and_not_the_call(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "taken").write_text("a file, in which no folder can be made")
        async with house(tmp_path, record=tmp_path / "taken") as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call(record=True)
            assert "recorded" not in await caller.message("hello")

    asyncio.run(story())
