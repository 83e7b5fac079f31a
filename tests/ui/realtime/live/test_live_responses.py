"""The events of the server's larger model, as a client of OpenAI's Live dialect gets them."""

from __future__ import annotations

from typing import Any

from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from stream.runtime.events import DelegationChanged, Notice
from tests.ui.realtime.live.test_live_session import KNOWN, LiveTalk, Message, is_error

RESPONSES: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def test_the_servers_larger_model_answers_where_it_has_one() -> None:
    backend = {"type": "responses", "responses": {"model": "large", "instructions": "Be exact."}}
    assert is_error(LiveTalk(delegation=backend).started)
    talk = LiveTalk(larger=True, delegation=backend)
    assert talk.begun is not None and not talk.begun.asks_client
    assert talk.begun.larger is not None and talk.begun.larger.instructions == "Be exact."
    created, *begun = talk.express(DelegationChanged(True, "server"))
    assert created["delegation"]["target"] == "responses"
    done = [*begun, *talk.dialect.larger_said("Blue."), *talk.express(DelegationChanged(False, "server"))]
    assert relayed(done) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert {message["delegation_id"] for message in done} == {created["delegation"]["id"]}
    failed = [*talk.express(DelegationChanged(True, "server"), Notice("warning", "delegate_failed", "It is down."))]
    failed = talk.express(DelegationChanged(False, "server"))
    assert relayed(failed) == ["response.failed"]
    assert failed[0]["event"]["response"]["error"]["message"] == "It is down."


def relayed(messages: list[Message]) -> list[str]:
    """The types of the larger model's events, each of which the stock client knows."""
    for message in messages:
        KNOWN.validate_python(message)
        RESPONSES.validate_python(message["event"])
    return [message["event"]["type"] for message in messages]


def test_the_larger_model_calls_functions_of_the_client() -> None:
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
    backend = {"type": "responses", "responses": {"model": "large", "tools": [tool], "tool_choice": "auto"}}
    talk = LiveTalk(larger=True, delegation=backend)
    assert talk.begun is not None and talk.begun.larger is not None
    assert [function["name"] for function in talk.begun.larger.functions] == ["weather"]
    talk.express(DelegationChanged(True, "server"))
    called = talk.dialect.called("call_1", "weather", "{}")
    assert relayed(called)[-2:] == ["response.output_item.done", "response.completed"]
    assert is_error(talk.send("response.create"))
    output = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    assert talk.send("response.item.create", item=output).answers == []
    assert talk.send("response.create").results == {"call_1": "sunny"}
    again = [*talk.dialect.larger_said("It is sunny."), *talk.express(DelegationChanged(False, "server"))]
    assert relayed(again)[0] == "response.created" and relayed(again)[-1] == "response.completed"
    assert is_error(talk.send("response.item.create", item={"type": "message"}))
    assert is_error(LiveTalk().send("response.create"))
    other = {"type": "responses", "responses": {"model": "other"}}
    assert is_error(talk.send("session.update", session={"delegation": other}))
    assert not is_error(talk.send("session.update", session={"delegation": backend}))
