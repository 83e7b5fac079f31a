"""--tool and --mcp: functions that the model may call."""

from __future__ import annotations

import argparse
from pathlib import Path

from stream.models.setup import Setup
from stream.models.tool_choice import with_tools
from stream.tools.mcp_config import read_mcp_config
from stream.tools.named_tools import tool_named


def add_tool_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tool",
        action="append",
        default=[],
        metavar="MODULE:FUNCTION",
        help="a Python function that the model may call, with type hints and a docstring; also FILE.py:FUNCTION; may "
        "be given several times",
    )
    group.add_argument(
        "--mcp",
        type=Path,
        metavar="CONFIG",
        help='MCP servers whose tools the model may call, in the usual JSON: {"mcpServers": {NAME: {"command", "args", '
        '"env"} or {"url"}}}; what changes something is asked about first',
    )


def with_tool_options(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the functions that the options name. Raises BadInput for one that cannot be used, and for an engine
    that calls no functions."""
    if not options.tool and options.mcp is None:
        return setup
    servers = read_mcp_config(options.mcp) if options.mcp is not None else ()
    return with_tools(setup, [tool_named(name) for name in options.tool], servers)
