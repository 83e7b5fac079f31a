"""Hostile parties of `benchmarks/callers/attacks.py` against a server: another call goes on."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from benchmarks.callers.attacks import WAYS, WIDE, wide_picture
from tests.ui.caller import Caller, house
from tests.ui.strangers import goes_on, media_sockets
from tests.ui.tracks import Tone


def test_a_small_file_holds_a_picture_of_a_gigabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    file = wide_picture()
    assert len(file) < 1_000_000 and Image.open(io.BytesIO(file)).size == (WIDE, WIDE)


@pytest.mark.parametrize("way", ["datagrams", "half_open", "requests", "offers", "messages", "endless_message"])
def test_another_call_goes_on(tmp_path: Path, way: str) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            async with httpx.AsyncClient(base_url=server.url, timeout=15) as client:
                await WAYS[way](client, 0.3, media_sockets(caller))
            await goes_on(server, caller, way)

    asyncio.run(story())
