"""Functions that a chat server calls: pieces of its stream become calls, results go back, and the user is asked.

`remote_calls.py` is tested through it.

Also tests `dialogue/remote/remote_calls.py`.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import ConsentDelta, Delta, TextDelta
from dialogue.engines.elsewhere.remote import RemoteEngine, open_remote
from dialogue.errors import BadInput
from dialogue.languages.consent import DECLINED
from dialogue.remote.remote_calls import CallPieces
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Toolbox, usual_toolbox
from tests.dialogue.remote.faulty_server import DONE, faulty_server, refused
from tests.dialogue.remote.hostile_server import OK, event

asked_for = list[str]()


def weather(city: str) -> str:
    """Look up the weather."""
    asked_for.append(city)
    return f"sunny in {city}"


def pieces(*calls: dict[str, Any]) -> bytes:
    lines = [json.dumps({"choices": [{"delta": {"tool_calls": [call]}}]}) for call in calls]
    return "".join(f"data: {line}\n\n" for line in lines).encode()


def calling(name: str, *arguments: str, index: int = 0) -> bytes:
    """A call in pieces, as servers stream it."""
    first = {"index": index, "id": f"id{index}", "function": {"name": name, "arguments": ""}}
    return pieces(first, *({"index": index, "function": {"arguments": part}} for part in arguments))


ROME = calling("weather", '{"ci', 'ty": "Rome"}')
SUNNY = OK + event("It is sunny.") + DONE


async def said(engine: RemoteEngine, question: str, at: float = 0.0) -> list[Delta]:
    await engine.feed(TextBlock(question, at, at + 1))
    return [delta async for delta in engine.reply()]


def words(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def bodies(requests: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in requests]


def talk(*script: bytes, asks: bool = False, questions: tuple[str, ...] = ("How is it in Rome?",)) -> Any:
    """(what was said to each question, the bodies of the requests)."""
    asked_for.clear()

    async def story() -> tuple[list[list[Delta]], list[dict[str, Any]]]:
        async with faulty_server(*script) as server:
            engine = open_remote(server.url, "any").live()
            assert isinstance(engine, RemoteEngine)
            engine.equip(Toolbox(user_tools=(Tool.of(weather, asks=asks),)))
            replies = []
            for at, question in enumerate(questions):
                replies.append(await said(engine, question, 2.0 * at))
                await engine.feed(ReplyBlock(words(replies[-1]), 2.0 * at + 1, 2.0 * at + 2))
            await engine.close()
            return replies, bodies(server.requests)

    return asyncio.run(story())


def test_a_function_is_called_and_its_result_goes_back() -> None:
    [reply], [first, second] = talk(OK + event("One moment.") + ROME + DONE, SUNNY)
    assert words(reply) == "One moment. It is sunny."
    assert asked_for == ["Rome"]
    assert first["tools"][0]["function"]["name"] == "weather"
    asked, result = second["messages"][-2:]
    assert asked["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city": "Rome"}'}
    assert (result["role"], result["tool_call_id"]) == ("tool", asked["tool_calls"][0]["id"])
    assert "sunny in Rome" in result["content"]


@pytest.mark.parametrize("questions", [("How is it in Rome?", "Yes, please."), ("罗马天气怎么样？", "好的。")])
def test_a_call_that_changes_something_waits_for_the_user(questions: tuple[str, ...]) -> None:
    [first, second], requests = talk(OK + ROME + DONE, SUNNY, asks=True, questions=questions)
    [consent] = [delta for delta in first if isinstance(delta, ConsentDelta)]
    assert words(first) == consent.question and "ook up the weather" in consent.question
    assert words(second) == "It is sunny." and asked_for == ["Rome"]
    assert "sunny in Rome" in requests[1]["messages"][-1]["content"]


def test_a_call_that_is_declined_is_not_made() -> None:
    questions = ("How is it in Rome?", "No, don't.")
    [_, second], requests = talk(OK + ROME + DONE, SUNNY, asks=True, questions=questions)
    assert words(second) == DECLINED and not asked_for and len(requests) == 1


def test_a_server_without_functions_is_asked_without_them_from_then_on() -> None:
    no_tools = refused(400, "tools are not supported")
    replies, requests = talk(no_tools, SUNNY, SUNNY, questions=("Rome?", "And now?"))
    assert [words(reply) for reply in replies] == ["It is sunny."] * 2
    assert ["tools" in body for body in requests] == [True, False, False]


def test_bad_calls_and_endless_rounds_end_in_words() -> None:
    odd = OK + calling("coffee", "{}") + calling("weather", "[", index=1) + DONE
    [reply], requests = talk(odd, odd, odd, odd, odd, SUNNY)
    assert words(reply) == "It is sunny."
    assert not asked_for and "tools" not in requests[-1] and len(requests) == 6
    results = [message["content"] for message in requests[1]["messages"] if message["role"] == "tool"]
    assert len(results) == 2 and all("error" in result for result in results)


@pytest.mark.parametrize(
    "delta",
    [
        {"tool_calls": ["x"]},
        {"tool_calls": [{"index": "x"}]},
        {"tool_calls": [{"function": {"name": "n" * 500}}]},
        {"tool_calls": [{"function": {"name": 7}}]},
        {"tool_calls": [{"index": 0, "function": {"name": "a", "arguments": "x" * 30_000}}]},
    ],
)
def test_what_is_no_call_is_refused(delta: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        CallPieces().read("data: " + json.dumps({"choices": [{"delta": delta}]}))


def test_in_a_call_the_built_in_functions_are_offered_too() -> None:
    async def story() -> list[str]:
        async with faulty_server(SUNNY) as server:
            engine = open_remote(server.url, "any").live()
            assert isinstance(engine, RemoteEngine)
            engine.equip(usual_toolbox())
            await said(engine, "What time is it?")
            await engine.close()
            return [tool["function"]["name"] for tool in bodies(server.requests)[0]["tools"]]

    assert {"get_time", "set_timer", "look_closer"} <= set(asyncio.run(story()))
