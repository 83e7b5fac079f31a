"""Adds functions of the user, and tools of MCP servers, to a setup whose model can call functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dialogue.engines.registry import entry_of
from dialogue.errors import BadInput
from dialogue.tools.tool import Tool
from stream.models.setup import Setup
from stream.tools.mcp_config import McpServer

NO_FUNCTIONS = (
    "This engine calls no functions. Choose a model that does: OMNILIVE_MIND=large, a Qwen or Llama 3 model (--llm), "
    "MiniCPM3 (--model), or a chat server (--setup remote); or leave the tools out."
)


def with_tools(setup: Setup, tools: Sequence[Tool | Callable[..., Any]] = (), mcp: Sequence[McpServer] = ()) -> Setup:
    """The setup whose model may call these functions: Python functions with type hints, or `Tool`s made from JSON
    schemas; and the tools of MCP servers. Raises BadInput for an engine without function calls, or a function that
    cannot be described. Where the model is still to be chosen, that is checked when it is opened."""
    engines = [setup.engine, *([setup.upgrade] if setup.upgrade is not None else [])]
    if not setup.chooses_llm and not any(entry_of(engine).can.tools for engine in engines):
        raise BadInput(NO_FUNCTIONS)
    return replace(setup, tools=(*setup.tools, *user_tools(tools)), mcp=(*setup.mcp, *mcp))


def user_tools(tools: Sequence[Tool | Callable[..., Any]]) -> tuple[Tool, ...]:
    """The user's functions as tools. Raises BadInput for one that cannot be described, or a name that is taken."""
    from dialogue.tools.built_in_tools import NAMES

    made = tuple(each if isinstance(each, Tool) else Tool.of(each) for each in tools)
    names = [tool.name for tool in made]
    for place, name in enumerate(names):
        if name in NAMES or name in names[:place]:
            raise BadInput(f"There is already a function called {name}; give yours another name.")
    return made
