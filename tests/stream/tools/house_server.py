"""An MCP server for tests: a house whose lamp is read and switched. Over stdio, or over HTTP on the port given."""

from __future__ import annotations

import asyncio
import os
import sys

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("house", log_level="ERROR")
LAMP = {"on": False}


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def lamp_state() -> bool:
    """Whether the lamp is on."""
    return LAMP["on"]


@server.tool()
def switch_lamp(on: bool) -> str:
    """Switch the lamp."""
    LAMP["on"] = on
    return f"the lamp is {'on' if on else 'off'}"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
async def slow(seconds: float) -> str:
    """Take long."""
    await asyncio.sleep(seconds)
    return "done"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def leave() -> None:
    """End the server."""
    os._exit(3)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
