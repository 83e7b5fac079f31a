"""Clients that send what no protocol allows: each fault gets an error event, and the session lives.

The faults of single messages are tested dialect by dialect in tests/ui/realtime; here they come over a real connection.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.browser.served import ServerProcess

Message = dict[str, Any]
TINY = 10_000


def float32(*samples: float) -> str:
    return base64.b64encode(np.array(samples, "<f4").tobytes()).decode()


@dataclass(frozen=True)
class Fault:
    """One dialect: how it begins, the appends of sound, what it must refuse, and a question that it must answer."""

    path: str
    start: tuple[Message, ...]
    ready: str
    append: Message
    refused: tuple[Any, ...]
    question: Message
    answer: str


ANYWHERE: tuple[Any, ...] = (None, [], {"type": 7}, {"type": "make.coffee"})
BAD_PICTURE = base64.b64encode(b"no picture at all").decode()
CASES = {
    "openai": Fault(
        "v1/realtime?model=any",
        (),
        "session.created",
        {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(2)).decode()},
        (
            *ANYWHERE,
            {"type": "input_audio_buffer.append", "audio": "%%%"},
            {"type": "response.cancel"},
            {
                "type": "conversation.item.create",
                "item": {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{BAD_PICTURE}"}],
                },
            },
        ),
        {"type": "session.update", "session": {"type": "realtime"}},
        "session.updated",
    ),
    "minicpm": Fault(
        "v1/realtime?mode=video&model=any",
        ({"type": "session.init", "payload": {}},),
        "session.created",
        {"type": "input.append", "input": {"audio": float32(0)}},
        (
            *ANYWHERE,
            {"type": "session.init", "payload": {}},
            {"type": "input.append", "input": {"audio": "%%%"}},
            {"type": "input.append", "input": {"audio": float32(float("nan"))}},
            {"type": "input.append", "input": {"audio": float32(0), "video_frames": [BAD_PICTURE]}},
        ),
        {"type": "session.close", "reason": "over"},
        "session.closed",
    ),
    "live": Fault(
        "v1/live/sessions",
        ({"type": "session.start", "session": {"model": "any"}},),
        "session.started",
        {"type": "session.input_audio.append", "audio": base64.b64encode(bytes(2)).decode()},
        (
            *ANYWHERE,
            {"type": "session.start", "session": {"model": "any"}},
            {"type": "session.input_audio.append", "audio": "%%%"},
            {"type": "session.input_audio.append", "audio": "", "colour": "red"},
        ),
        {"type": "session.close"},
        "session.closed",
    ),
}


def until(connection: Connection, *kinds: str) -> Message:
    """The next message of one of these types."""
    while True:
        message: Message = json.loads(connection.recv(timeout=20))
        if message["type"] in kinds:
            return message


@pytest.mark.parametrize("name", CASES)
def test_faults_get_error_events_and_the_session_lives(server: ServerProcess, name: str) -> None:
    case = CASES[name]
    with connect(server.url.replace("http", "ws", 1) + case.path) as connection:
        for message in case.start:
            connection.send(json.dumps(case.append))  # out of order
            until(connection, "error")
            connection.send(json.dumps(message))
        until(connection, case.ready)
        connection.send("{this is not JSON")
        until(connection, "error")
        connection.send(b"\xff\xfe")
        until(connection, "error")
        connection.send("[" * 100_000)
        until(connection, "error")
        for message in case.refused:
            connection.send(json.dumps(message))
            until(connection, "error")
        for _ in range(TINY):
            connection.send(json.dumps(case.append))
        connection.send(json.dumps(case.question))
        until(connection, case.answer)


def test_a_message_beyond_all_bounds_ends_its_own_connection_alone(server: ServerProcess) -> None:
    address = server.url.replace("http", "ws", 1) + "v1/realtime"
    with connect(address) as other, connect(address, max_size=None) as connection:
        until(connection, "session.created")
        connection.send("x" * (17 * 1024 * 1024))
        with pytest.raises(ConnectionClosed):
            until(connection, "never")
        until(other, "session.created")
        other.send(json.dumps({"type": "session.update", "session": {"type": "realtime"}}))
        until(other, "session.updated")
