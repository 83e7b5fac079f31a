"""A client of the Live dialect delegates to the server's larger model, which calls a function of the client.

The larger model is a chat server on a real socket; the rest of the session is toys, in real time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from dialogue.engine import Capabilities, Delta, TextDelta
from dialogue.remote.delegate import Delegate
from dialogue.tools.toolbox import Toolbox
from stream.models.admission import Admission
from stream.models.setup import SETUPS
from tests.dialogue.engines.elsewhere.test_remote_tools import ROME, SUNNY
from tests.dialogue.remote.faulty_server import DONE, FaultyServer, faulty_server
from tests.dialogue.remote.hostile_server import OK
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.ui.dialects.test_connection import QueueWire
from ui.call.admission_queue import AdmissionQueue
from ui.call.metrics import Metrics
from ui.dialects.connection import DialectConnection
from ui.openai.served_models import ServedModels
from ui.realtime.live.live_config import LiveServer
from ui.realtime.live.live_session import LiveSession
from ui.realtime.sound import pcm16

CAN = Capabilities(hears=False, sees=False, speaks=False)
WEATHER = {"type": "function", "name": "weather", "parameters": {"properties": {"city": {"type": "string"}}}}


@dataclass
class PassingEngine(ToyEngine):
    """Passes every question on."""

    toolbox: Toolbox = field(default_factory=Toolbox)

    def equip(self, toolbox: Toolbox) -> None:
        self.toolbox = toolbox

    async def reply(self) -> AsyncGenerator[Delta, None]:
        assert self.toolbox.delegation is not None
        self.toolbox.delegation.hand_over("How is the weather in Rome?", [])
        yield TextDelta("Let me see.")


async def speaks(wire: QueueWire) -> None:
    """Sends half a second of speech, and silence behind it."""
    for level in (0.5, 0.0):
        for _ in range(10):
            wire.says("session.input_audio.append", audio=pcm16(np.full(1200, level, np.float32)))
            await asyncio.sleep(0.05)


def relayed(wire: QueueWire) -> list[dict[str, Any]]:
    return [message["event"] for message in wire.got if message["type"] == "response.event"]


async def delegation(server: FaultyServer) -> list[dict[str, Any]]:
    """The larger model's events, once its answer has been said."""
    wire, engine = QueueWire(), PassingEngine(["unused"])
    parts = replace(toy_parts(lambda: engine), delegate=Delegate(server.url, "large"))
    models = ServedModels(parts, SETUPS["laptop"], AdmissionQueue(Admission(1), Metrics()))
    dialect = LiveSession(LiveServer(CAN, has_larger_model=True), asyncio.get_running_loop().time)
    running = asyncio.create_task(DialectConnection(cast(Any, wire), models, dialect).run())
    backend = {"type": "responses", "responses": {"model": "large", "tools": [WEATHER]}}
    wire.says("session.start", session={"model": "any", "delegation": backend})
    await wire.gets("session.started")
    await speaks(wire)
    await wire.gets("session.delegation.created")
    while "response.completed" not in [event["type"] for event in relayed(wire)]:  # a call ends the response
        wire.came.clear()
        await wire.came.wait()
    [called] = [event for event in relayed(wire) if event["type"].endswith("arguments.done")]
    assert json.loads(called["arguments"]) == {"city": "Rome"}
    output = {"type": "function_call_output", "call_id": called_id(wire), "output": "31 degrees"}
    wire.says("response.item.create", item=output)
    wire.says("response.create")
    while "It is sunny." not in said(wire):
        wire.came.clear()
        await wire.came.wait()
    wire.sent.put_nowait(None)
    await running
    parts.close()
    return relayed(wire)


def said(wire: QueueWire) -> str:
    return "".join(each["delta"] for each in wire.got if each["type"] == "session.output_transcript.delta")


def called_id(wire: QueueWire) -> str:
    items = [event["item"] for event in relayed(wire) if event["type"] == "response.output_item.done"]
    return str(items[-1]["call_id"])


def test_the_larger_model_calls_a_function_and_its_answer_is_said() -> None:
    async def story() -> tuple[list[str], list[bytes]]:
        async with faulty_server(OK + ROME + DONE, SUNNY) as server, asyncio.timeout(30):
            events = await delegation(server)
            return [event["type"] for event in events], server.requests

    kinds, requests = asyncio.run(story())
    assert kinds.count("response.created") == kinds.count("response.completed") == 2
    assert "response.output_text.delta" in kinds
    last = json.loads(requests[-1].partition(b"\r\n\r\n")[2])["messages"][-1]
    assert last["role"] == "tool" and "31 degrees" in last["content"]
