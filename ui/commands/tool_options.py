"""--tool, --mcp and --code-interpreter: functions that the model may call."""

from __future__ import annotations

import argparse
from pathlib import Path

from stream.models.setup import Setup
from stream.models.tool_choice import with_tools
from stream.tools.code_interpreter import code_interpreter
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

    group.add_argument(
        "--code-interpreter",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="the model may run Python in a sandbox without network, which sees these files and no others; needs "
        "bubblewrap (apt install bubblewrap)",
    )


def with_tool_options(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the functions that the options name. Raises BadInput for one that cannot be used, and for an engine
    that calls no functions."""
    if not options.tool and options.mcp is None and options.code_interpreter is None:
        return setup
    tools = [tool_named(name) for name in options.tool]
    if options.code_interpreter is not None:
        tools.append(code_interpreter([path.expanduser().absolute() for path in options.code_interpreter]))
    servers = read_mcp_config(options.mcp) if options.mcp is not None else ()
    return with_tools(setup, tools, servers)
