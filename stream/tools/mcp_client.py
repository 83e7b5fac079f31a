"""Connects to MCP servers and offers their tools: one task a server, shared by all sessions of the process.

A server that does not start, or dies, costs its own tools alone: their calls report it to the model, and the next call
tries to connect again. What a server does not mark as read-only is asked about before it is used.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from dialogue.tools.tool import Tool
from stream.runtime.failures import first_error
from stream.tools.mcp_config import McpServer

if TYPE_CHECKING:  # it takes a second to import
    from mcp import Client

log = logging.getLogger(__name__)

CONNECT_S = 20.0  # a server may be fetched by its own command at the first start
AGAIN_AFTER_S = 10.0  # between two attempts to connect
MOST_TOOLS = 64  # of one server
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1_000  # characters; a model reads them


class McpServers:
    """The servers of a configuration. `open` once, on a running event loop; `close` from any thread.

    `problems` says in sentences which servers do not answer.
    """

    def __init__(self, servers: Sequence[McpServer]) -> None:
        self._connections = [_Connection(server) for server in servers]
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> tuple[Tool, ...]:
        """Starts all servers at once; returns the tools of those that answer within CONNECT_S."""
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(*(each.connect() for each in self._connections))
        return tuple(tool for connection in self._connections for tool in connection.tools)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(each.problem for each in self._connections if each.problem)

    def close(self) -> None:
        """Ends the connections, and the processes of servers that were started here."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._loop:
            self._stop()
        elif self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        for connection in self._connections:
            connection.stop()


class _Connection:
    """One server. Its client lives in one task, as the library requires; calls come from the tasks of sessions."""

    def __init__(self, server: McpServer) -> None:
        self._server = server
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._tried_at = float("-inf")
        self.tools: tuple[Tool, ...] = ()
        self.problem = ""

    async def connect(self) -> None:
        """Returns once the server answers, or `problem` says why it does not."""
        loop = asyncio.get_running_loop()
        self._tried_at = loop.time()
        ready: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._live(ready), name=f"mcp-{self._server.name}")
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.shield(ready)
            self.problem = ""
        except TimeoutError:
            self.stop()
            self._lost(f"did not answer within {CONNECT_S:.0f} seconds")
        except Exception as error:  # the library, the network and the process raise many kinds
            self._lost(_reason(error))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._client = self._task = None

    async def _live(self, ready: asyncio.Future[None]) -> None:
        """Holds the connection until it is cancelled."""
        try:
            async with self._new_client() as client:
                if not self.tools:
                    self.tools = await self._listed(client)
                self._client = client
                if not ready.done():
                    ready.set_result(None)
                await asyncio.get_running_loop().create_future()  # for ever
        except Exception as error:
            if not ready.done():
                ready.set_exception(error)
            else:
                self._lost(_reason(error))
        finally:
            if not ready.done():
                ready.cancel()

    def _new_client(self) -> Client:
        from mcp import Client, StdioServerParameters

        server = self._server
        if server.command:
            parameters = StdioServerParameters(
                command=server.command, args=list(server.args), env=dict(server.env), cwd=server.cwd
            )
            return Client(parameters, read_timeout_seconds=None)
        assert server.url is not None, "a server has a command or a url"
        if not server.headers:
            return Client(server.url)
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        return Client(streamable_http_client(server.url, http_client=httpx2.AsyncClient(headers=dict(server.headers))))

    async def _listed(self, client: Client) -> tuple[Tool, ...]:
        listed, cursor = list[Any](), None
        while len(listed) < MOST_TOOLS:
            page = await client.list_tools(cursor=cursor)
            listed += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return tuple(self._tool(each) for each in listed[:MOST_TOOLS])

    def _tool(self, listed: Any) -> Tool:
        async def run(**given: Any) -> Any:
            return await self._call(listed.name, given)

        marks = listed.annotations
        reads_only = marks is not None and marks.read_only_hint is True
        description = " ".join((listed.description or listed.title or listed.name).split())[:LONGEST_DESCRIPTION]
        name = tool_name(self._server.name, listed.name)
        return Tool(name, description, dict(listed.input_schema), run, asks=not reads_only)

    async def _call(self, name: str, given: Mapping[str, Any]) -> Any:
        """The result as plain data. Raises BadInput where the tool reports an error, or the server is gone."""
        if self._client is None and asyncio.get_running_loop().time() - self._tried_at > AGAIN_AFTER_S:
            await self.connect()
        client = self._client
        if client is None:
            raise BadInput(self.problem or f"The tool server {self._server.name} is not connected; try again later.")
        try:
            result = await client.call_tool(name, dict(given))
        except Exception as error:  # as above
            if self._is_protocol_error(error):
                raise BadInput(_reason(error)) from error
            self.stop()
            self._lost(_reason(error))
            raise BadInput(self.problem) from error
        return read_result(result)

    @staticmethod
    def _is_protocol_error(error: Exception) -> bool:
        """Whether the server answered, with an error."""
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        return isinstance(error, MCPError) and error.code != CONNECTION_CLOSED

    def _lost(self, why: str) -> None:
        self._client = None
        self.problem = f"The tool server {self._server.name} does not answer: {why}."
        log.warning("%s", self.problem)


def tool_name(server: str, tool: str) -> str:
    """`server.tool` as a name that every chat format allows."""
    name = re.sub(r"\W+", "_", f"{server}_{tool}", flags=re.ASCII).strip("_") or "tool"
    return (f"_{name}" if name[0].isdigit() else name)[:LONGEST_NAME]


def read_result(result: Any) -> Any:
    """What a tool returned, as plain data: its structured content, or else its text. Raises BadInput for an error."""
    texts = [part.text if part.type == "text" else f"[{part.type}]" for part in result.content]
    text = "\n".join(texts)
    if result.is_error:
        raise BadInput(text or "the tool reports an error and does not say which; try other arguments")
    return result.structured_content if result.structured_content is not None else text


def _reason(error: BaseException) -> str:
    """The first plain error in a group, as a short text."""
    error = first_error(error)
    return " ".join((str(error) or type(error).__name__).split())[:200].rstrip(".")
