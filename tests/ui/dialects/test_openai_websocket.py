"""A realtime session with a running server and its real models, held by the stock `openai` client.

Also tests `websocket.py`.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import openai
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from audio.resample import resample_whole
from stream.media.media_file import read_sound
from tests.browser.served import ServerProcess

RATE_HZ = 24_000


@pytest.fixture
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}v1", api_key="none", max_retries=0) as client:
        yield client


def until(connection: Any, *last: str) -> dict[str, list[Any]]:
    """The events up to one of the types `last`, by type."""
    events: dict[str, list[Any]] = {}
    for event in connection:
        assert event.type != "error", event
        events.setdefault(event.type, []).append(event)
        if event.type in last:
            return events
    raise AssertionError("the connection ended")


def heard_s(events: dict[str, list[Any]]) -> float:
    sound = b"".join(base64.b64decode(each.delta) for each in events.get("response.output_audio.delta", []))
    return len(sound) / 2 / RATE_HZ


def test_a_typed_question_is_answered_by_voice(client: openai.OpenAI) -> None:
    with client.realtime.connect(model="laptop") as connection:
        connection.session.update(session={"type": "realtime", "instructions": "Answer briefly."})
        connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "What is 6 times 7?"}],
            }
        )
        connection.response.create()
        events = until(connection, "response.done")
    [done] = events["response.output_audio_transcript.done"]
    assert "42" in done.transcript or "forty" in done.transcript
    assert heard_s(events) > 0.3
    assert events["response.done"][0].response.status == "completed"


def test_a_picture_is_seen(client: openai.OpenAI, media: Path) -> None:
    url = f"data:image/png;base64,{base64.b64encode((media / 'sign.png').read_bytes()).decode()}"
    with client.realtime.connect(model="laptop") as connection:
        connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": url},
                    {"type": "input_text", "text": "What does the sign say?"},
                ],
            }
        )
        connection.response.create()
        events = until(connection, "response.done")
    assert "GATE 7" in events["response.output_text.done"][0].text
    assert "response.output_audio.delta" not in events


def test_a_spoken_question_is_heard_and_answered(client: openai.OpenAI, media: Path) -> None:
    question = resample_whole(read_sound(media / "time.wav"), 16_000, RATE_HZ)
    sound = np.concatenate([np.zeros(RATE_HZ // 2, np.float32), question, np.zeros(4 * RATE_HZ, np.float32)])
    with client.realtime.connect(model="laptop") as connection:

        def speak() -> None:
            for start in range(0, len(sound), RATE_HZ // 10):
                piece = (sound[start : start + RATE_HZ // 10] * 32767).astype("<i2").tobytes()
                connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())
                time.sleep(0.1)

        speaking = threading.Thread(target=speak)
        speaking.start()
        events = until(connection, "response.done")
        speaking.join()
    [heard] = events["conversation.item.input_audio_transcription.completed"]
    assert "time" in heard.transcript
    assert events["input_audio_buffer.speech_started"][0].item_id == heard.item_id
    assert heard_s(events) > 0.3


def test_a_bad_event_leaves_the_session_alive(client: openai.OpenAI) -> None:
    with client.realtime.connect(model="laptop") as connection:
        until(connection, "session.created")
        connection.send(cast(Any, {"type": "make.coffee"}))
        error = connection.recv()
        assert error.type == "error"
        connection.send({"type": "session.update", "session": {"type": "realtime"}})
        assert connection.recv().type == "session.updated"


def test_another_site_is_refused(server: ServerProcess) -> None:
    address = server.url.replace("http", "ws", 1) + "v1/realtime"
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, origin=Origin("https://elsewhere.example"))
