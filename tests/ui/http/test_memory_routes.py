"""The memory page's requests: who may make them, and what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialogue.memory.event_log import EventLog
from dialogue.memory.kept_memory import KeptMemory
from tests.ui.caller import SETUP, house
from ui.http.memory_routes import SHOWN

TOKEN = "a-token-for-the-tests"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memory.sqlite"
    log = EventLog(path, began=datetime(2026, 3, 1, 17, 30))
    for number in range(SHOWN + 5):
        log.add("told", f"My dog barked {number} times.", float(number))
    log.add("read", "<script>alert(1)</script>", 600.0)
    log.close()
    return path


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_lines_are_listed_searched_and_deleted(tmp_path: Path, path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, setup=replace(SETUP, remember=path)) as server:
            client = server.client
            assert (await client.get("/healthz")).json()["remembers"] is True
            assert 'data-text="remembering"' in (await client.get("/memory")).text
            listed = (await client.get("/memory/lines")).json()
            assert (len(listed["lines"]), listed["more"], listed["count"]) == (SHOWN, True, SHOWN + 6)
            newest = listed["lines"][0]
            assert (newest["kind"], newest["text"]) == ("text", "<script>alert(1)</script>")
            assert newest["at"] == "2026-03-01T17:40:00"
            rest = (await client.get("/memory/lines", params={"before": listed["lines"][-1]["number"]})).json()
            assert (len(rest["lines"]), rest["more"]) == (6, False)
            found = (await client.get("/memory/lines", params={"words": "bark 7"})).json()
            assert [line["text"] for line in found["lines"]] == ["My dog barked 7 times."]
            number = found["lines"][0]["number"]
            for deleted in (1, 0):
                assert (await client.delete(f"/memory/lines/{number}")).json() == {"deleted": deleted}
            assert (await client.delete("/memory/lines", params={"words": "dog"})).json() == {"deleted": SHOWN + 4}
            assert (await client.delete("/memory/lines", params={"all": "true"})).json() == {"deleted": 1}
            assert KeptMemory(path).count() == 0

    run(story())


@pytest.mark.parametrize("query", ["", "?words=", "?words=%20", "?all=yes", "?words=dog&all=true"])
def test_nothing_is_deleted_by_an_unclear_request(tmp_path: Path, path: Path, query: str) -> None:
    async def story() -> None:
        async with house(tmp_path, setup=replace(SETUP, remember=path)) as server:
            assert (await server.client.delete(f"/memory/lines{query}")).status_code == 400
            for odd in ("x", "1" * 30, "-1"):
                assert (await server.client.delete(f"/memory/lines/{odd}")).status_code == 400

    run(story())
    assert KeptMemory(path).count() == SHOWN + 6


def test_only_the_token_and_the_own_site_may_see_and_delete(tmp_path: Path, path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, setup=replace(SETUP, remember=path), token=TOKEN) as server:
            client, key = server.client, {"Authorization": f"Bearer {TOKEN}"}
            assert (await client.get("/memory")).status_code == 200, "the page has no data"
            for method in ("GET", "DELETE"):
                assert (await client.request(method, "/memory/lines?all=true")).status_code == 401
                evil = await client.request(method, "/memory/lines?all=true", headers={**key, "Host": "evil.example"})
                assert evil.status_code == 403
            other = {**key, "Origin": "https://evil.example"}
            assert (await client.delete("/memory/lines?all=true", headers=other)).status_code == 403
            answer = await client.get("/memory/lines", headers={**key, "Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["cache-control"] == "no-store"
            assert (await client.get("/memory/lines", headers=key)).status_code == 200

    run(story())
    assert KeptMemory(path).count() == SHOWN + 6


def test_without_remembering_there_is_no_such_page(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            assert "remembers" not in (await server.client.get("/healthz")).json()
            for path in ("/memory", "/memory/lines"):
                assert (await server.client.get(path)).status_code == 404

    run(story())


def test_a_damaged_file_is_reported(tmp_path: Path, path: Path) -> None:
    path.write_bytes(b"this is no data base" * 1000)

    async def story() -> None:
        async with house(tmp_path, setup=replace(SETUP, remember=path)) as server:
            broken = await server.client.get("/memory/lines")
            assert broken.status_code == 500
            assert "choose another file" in broken.json()["error"]["message"]

    run(story())
