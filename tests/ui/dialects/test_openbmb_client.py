"""OpenBMB's own client holds sessions with a server on a real socket, in both modes; the models are toys."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from openbmb_realtime import (
    AudioDelta,
    Event,
    RealtimeClient,
    RealtimeConfig,
    RealtimeError,
    RealtimeSession,
    SessionQueued,
    TextDelta,
    UsageEvent,
    UserTranscript,
    VideoSession,
)
from PIL import Image

from dialogue.blocks import PictureBlock, SystemBlock
from dialogue.engine import Capabilities
from stream.models.admission import Admission
from stream.models.setup import SETUPS
from tests.stream.toy_parts import ToyEngine, toy_parts
from ui.call.admission_queue import AdmissionQueue
from ui.call.metrics import Metrics
from ui.host.address import listen
from ui.http.routes import Routes, application
from ui.http.web_server import guarded_server
from ui.openai.api_keys import ApiKeys
from ui.openai.served_models import ServedModels


@asynccontextmanager
async def served(tmp_path: Path, engine: ToyEngine) -> AsyncIterator[tuple[RealtimeClient, Admission]]:
    parts, admission = toy_parts(lambda: engine), Admission(1)
    state = Routes(SETUPS["laptop"], Metrics(), status="ok")
    state.models = ServedModels(parts, SETUPS["laptop"], AdmissionQueue(admission, Metrics()))
    listening, address = listen("127.0.0.1", 0)
    web = guarded_server(application(state), ApiKeys(), address, None, tmp_path)
    serving = asyncio.create_task(web.serve(sockets=[listening]))
    try:
        yield RealtimeClient(api_key="none", base_url=address.url().rstrip("/")), admission
    finally:
        web.should_exit = True
        await serving
        parts.close()


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "JPEG")
    return file.getvalue()


async def asks(session: RealtimeSession) -> list[Event]:
    """Speaks for half a second; the events up to the usage of the answer."""
    events = list[Event]()

    async def speak() -> None:
        for number, level in enumerate((*[0.5] * 5, *[0.0] * 50)):
            piece = np.full(1600, level, "<f4").tobytes()
            if isinstance(session, VideoSession) and number % 3 == 0:
                await session.send_audio_video(piece, jpeg())
            else:
                await session.send_audio(piece)
            await asyncio.sleep(0.1)

    speaking = asyncio.create_task(speak())
    async with asyncio.timeout(20):
        async for event in session:
            events.append(event)
            if isinstance(event, UsageEvent):
                break
    speaking.cancel()
    return events


@pytest.mark.parametrize("mode", ["audio", "video"])
def test_a_session_waits_in_the_queue_and_is_answered(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.call.admission_queue.ASK_EVERY_S", 0.1)
    engine = ToyEngine(["A red wall."])
    engine.can = Capabilities(hears=False, sees=mode == "video", speaks=False)

    async def story() -> list[Event]:
        async with served(tmp_path, engine) as (client, admission):
            admission.take()
            asyncio.get_running_loop().call_later(0.3, admission.leave)
            connector = client.video if mode == "video" else client.audio
            async with await connector.connect(model="any", system_prompt="Be kind.") as session:
                return await asks(session)

    events = asyncio.run(story())
    [first, *_] = [event for event in events if isinstance(event, SessionQueued)]
    assert (first.position, first.queue_length) == (1, 1)
    assert UserTranscript("What do you see?") in events
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip() == "A red wall."
    assert sum(len(event.audio) for event in events if isinstance(event, AudioDelta)) > 0.3 * 4 * 24_000
    assert SystemBlock("Be kind.") in engine.fed
    assert any(isinstance(block, PictureBlock) for block in engine.fed) is (mode == "video")


def test_an_option_that_the_engine_cannot_take_is_an_error_that_names_it(tmp_path: Path) -> None:
    async def story() -> str:
        async with served(tmp_path, ToyEngine(["unused"])) as (client, _):
            with pytest.raises(RealtimeError) as refused:
                await client.audio.connect(model="any", config=RealtimeConfig(length_penalty=1.1))
            return str(refused.value)

    assert "length_penalty" in asyncio.run(story())
