"""A session behind a dialect, with toy models and a wire of queues, in virtual time.

Also tests `router.py`, `sideband.py` and `ui/openai/client_functions.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from dialogue.engine import Capabilities, Delta, TextDelta
from dialogue.tools.toolbox import Toolbox
from stream.models.admission import Admission
from stream.models.setup import SETUPS
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from ui.call.admission_queue import AdmissionQueue
from ui.call.metrics import Metrics
from ui.dialects.connection import DialectConnection
from ui.dialects.sideband import WireClosed
from ui.openai.served_models import ServedModels
from ui.realtime.dialect import Dialect
from ui.realtime.minicpm_realtime import MiniCpmRealtime
from ui.realtime.openai_realtime import OpenAiRealtime

Message = dict[str, Any]
CAN = Capabilities(hears=False, sees=False, speaks=False, tools=True)


@dataclass
class QueueWire:
    """The client's end: what it sends, and what it has got. None hangs up."""

    sent: asyncio.Queue[Message | None] = field(default_factory=asyncio.Queue)
    got: list[Message] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> str:
        message = await self.sent.get()
        if message is None:
            raise WireClosed
        return json.dumps(message)

    async def send(self, text: str) -> None:
        self.got.append(json.loads(text))
        self.came.set()

    def says(self, kind: str, **fields: Any) -> None:
        self.sent.put_nowait({"type": kind, **fields})

    def types(self, text: str) -> None:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        self.says("conversation.item.create", item=item)
        self.says("response.create")

    async def gets(self, kind: str, count: int = 1) -> Message:
        """The message number `count` of this type."""
        while len(found := [each for each in self.got if each["type"] == kind]) < count:
            self.came.clear()
            await self.came.wait()
        return found[count - 1]


@dataclass
class CallingEngine(ToyEngine):
    """Asks the function "weather" about Rome, and says what it answers."""

    toolbox: Toolbox = field(default_factory=Toolbox)

    def equip(self, toolbox: Toolbox) -> None:
        self.toolbox = toolbox

    async def reply(self) -> AsyncGenerator[Delta, None]:
        if self.toolbox.user_tools:
            [weather] = self.toolbox.user_tools
            assert self.toolbox.in_background is not None
            result = await self.toolbox.in_background(partial(weather.run, city="Rome"))
            yield TextDelta(f"It is {result}.")
            return
        async for delta in super().reply():
            yield delta


def talk(
    engine: ToyEngine,
    story: Callable[[QueueWire], Awaitable[None]],
    most_s: float | None = None,
    dialect: Dialect | None = None,
) -> list[Message]:
    """The messages that the client got in a story, after which it hangs up."""

    async def whole() -> list[Message]:
        wire, parts = QueueWire(), toy_parts(lambda: engine)
        models = ServedModels(parts, SETUPS["laptop"], AdmissionQueue(Admission(1), Metrics()))
        connection = DialectConnection(cast(Any, wire), models, dialect or OpenAiRealtime("toy", CAN))
        running = asyncio.create_task(connection.run(most_s))
        await story(wire)
        wire.sent.put_nowait(None)
        await running
        parts.close()
        return wire.got

    return run_in_virtual_time(whole(), until=600)


def test_a_function_of_the_client_is_part_of_the_reply() -> None:
    async def story(wire: QueueWire) -> None:
        tool = {"type": "function", "name": "weather", "parameters": {"properties": {"city": {"type": "string"}}}}
        wire.says("session.update", session={"type": "realtime", "tools": [tool]})
        wire.types("What is the weather?")
        called = await wire.gets("response.function_call_arguments.done")
        assert called["name"] == "weather" and json.loads(called["arguments"]) == {"city": "Rome"}
        await wire.gets("response.done")
        output = {"type": "function_call_output", "call_id": called["call_id"], "output": "sunny"}
        wire.says("conversation.item.create", item=output)
        wire.says("response.create")
        spoken = await wire.gets("response.output_audio_transcript.done")
        assert spoken["transcript"] == "It is sunny."
        await wire.gets("response.done", count=2)

    got = talk(CallingEngine(["unused"]), story)
    assert not [message for message in got if message["type"] == "error"]


def test_functions_that_cannot_be_described_are_refused_and_the_session_lives() -> None:
    async def story(wire: QueueWire) -> None:
        bad = {"type": "function", "name": "not a name", "parameters": {}}
        wire.says("session.update", session={"type": "realtime", "tools": [bad]})
        wire.types("Hello?")
        assert "valid function name" in (await wire.gets("error"))["error"]["message"]
        wire.says("session.update", session={"type": "realtime"})
        await wire.gets("session.updated", count=2)

    talk(CallingEngine(["unused"]), story)


def test_options_that_the_engine_does_not_take_are_refused_by_name() -> None:
    async def story(wire: QueueWire) -> None:
        wire.says("session.init", payload={"config": {"temperature": 0.5}})
        assert "leave out temperature" in (await wire.gets("error"))["error"]["message"]

    got = talk(ToyEngine(["unused"]), story, dialect=MiniCpmRealtime("audio"))
    assert "session.created" not in [message["type"] for message in got]


def test_a_session_that_breaks_ends_the_connection_with_an_error() -> None:
    async def story(wire: QueueWire) -> None:
        wire.types("Hello?")
        assert (await wire.gets("error"))["error"]["type"] == "server_error"

    talk(ToyEngine(["break"]), story)


def test_the_voice_comes_at_the_pace_at_which_it_is_heard() -> None:
    async def story(wire: QueueWire) -> None:
        wire.types("Hello?")
        await wire.gets("response.output_audio.delta")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await wire.gets("response.done")
        sounds = [message for message in wire.got if message["type"] == "response.output_audio.delta"]
        assert abs((loop.time() - began) - 0.02 * len(sounds)) < 1.0
        assert len(sounds) > 50

    talk(ToyEngine(["word " * 10]), story)


def test_a_key_whose_minutes_are_used_up_ends_the_connection_with_an_error() -> None:
    async def story(wire: QueueWire) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        wire.types("Hello?")
        assert (await wire.gets("error"))["error"]["code"] == "minutes_used_up"
        assert abs(loop.time() - began - 30) < 1

    talk(ToyEngine(["A word."]), story, most_s=30)
