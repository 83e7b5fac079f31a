"""Tools of real MCP servers: the published time server, and one of our own over stdio and HTTP that misbehaves."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dialogue.errors import BadInput
from dialogue.tools.tool import Tool
from stream.tools.mcp_client import McpServers, read_result, tool_name
from stream.tools.mcp_config import McpServer

HOUSE = str(Path(__file__).parent / "house_server.py")
Story = Callable[[McpServers, dict[str, Tool]], Awaitable[None]]


def over_stdio() -> McpServer:
    return McpServer(name="house", command=sys.executable, args=(HOUSE,))


def with_servers(servers: Sequence[McpServer], story: Story) -> McpServers:
    async def whole() -> McpServers:
        connected = McpServers(servers)
        try:
            await story(connected, {tool.name: tool for tool in await connected.open()})
        finally:
            connected.close()
        return connected

    return asyncio.run(whole())


def test_the_published_time_server_says_the_time() -> None:
    pytest.importorskip("mcp_server_time")
    server = McpServer(name="time", command=sys.executable, args=("-m", "mcp_server_time", "--local-timezone", "UTC"))

    async def story(connected: McpServers, tools: dict[str, Tool]) -> None:
        assert set(tools) == {"time_get_current_time", "time_convert_time"}
        assert not any(tool.asks for tool in tools.values()), "the server marks them as read-only"
        now = await tools["time_get_current_time"].run(timezone="Asia/Tokyo")
        assert now["timezone"] == "Asia/Tokyo" and now["datetime"].endswith("+09:00")
        with pytest.raises(BadInput, match="Mars"):
            await tools["time_get_current_time"].run(timezone="Mars")

    assert with_servers([server], story).problems == ()


def test_what_is_not_read_only_is_asked_about() -> None:
    async def story(connected: McpServers, tools: dict[str, Tool]) -> None:
        assert {name for name, tool in tools.items() if tool.asks} == {"house_switch_lamp"}
        assert tools["house_switch_lamp"].properties["on"]["type"] == "boolean"
        assert await tools["house_switch_lamp"].run(on=True) == {"result": "the lamp is on"}
        assert await tools["house_lamp_state"].run() == {"result": True}

    with_servers([over_stdio()], story)


def test_a_slow_tool_can_be_interrupted_and_the_server_goes_on() -> None:
    async def story(connected: McpServers, tools: dict[str, Tool]) -> None:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await tools["house_slow"].run(seconds=60)
        assert time.monotonic() - began < 5
        assert await tools["house_lamp_state"].run() == {"result": False}

    with_servers([over_stdio()], story)


def test_a_server_that_dies_costs_its_call_and_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.tools.mcp_client.AGAIN_AFTER_S", 0.0)

    async def story(connected: McpServers, tools: dict[str, Tool]) -> None:
        with pytest.raises(BadInput, match="The tool server house does not answer"):
            await tools["house_leave"].run()
        assert await tools["house_lamp_state"].run() == {"result": False}
        assert connected.problems == ()

    with_servers([over_stdio()], story)


def test_servers_that_are_not_there_leave_the_others_alone() -> None:
    servers = [
        McpServer(name="none", command="/no/such/program"),
        McpServer(name="mute", command=sys.executable, args=("-c", "pass")),
        McpServer(name="web", url="http://127.0.0.1:9/mcp"),
        over_stdio(),
    ]

    async def story(connected: McpServers, tools: dict[str, Tool]) -> None:
        assert {name.partition("_")[0] for name in tools} == {"house"}
        assert [problem.split()[3] for problem in connected.problems] == ["none", "mute", "web"]

    with_servers(servers, story)


@pytest.fixture
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, HOUSE, str(port)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(10)


def test_a_server_over_http(address: str) -> None:
    async def story(connected: McpServers, tools: dict[str, Tool]) -> None:
        assert await tools["house_switch_lamp"].run(on=True) == {"result": "the lamp is on"}
        assert await tools["key_lamp_state"].run() == {"result": True}

    headers = {"Authorization": "Bearer key"}
    with_servers([McpServer(name="house", url=address), McpServer(name="key", url=address, headers=headers)], story)


@pytest.mark.parametrize(
    ("server", "tool", "name"),
    [
        ("time", "get_current_time", "time_get_current_time"),
        ("my files", "read.file/now", "my_files_read_file_now"),
        ("2nd", "x", "_2nd_x"),
        ("s", "ü" * 100, "s"),
        ("s", "x" * 100, ("s_" + "x" * 100)[:64]),
    ],
)
def test_names_are_ones_that_chat_formats_allow(server: str, tool: str, name: str) -> None:
    assert tool_name(server, tool) == name
    assert tool_name(server, tool).isidentifier()


def test_results_become_plain_data() -> None:
    class ContentPart:
        def __init__(self, kind: str, text: str = "") -> None:
            self.type, self.text = kind, text

    class Result:
        content: tuple[ContentPart, ...] = (ContentPart("text", "a"), ContentPart("image"))
        structured_content: Any = None
        is_error = False

    assert read_result(Result()) == "a\n[image]"
    failed = Result()
    failed.is_error = True
    with pytest.raises(BadInput, match="a"):
        read_result(failed)
