"""Configurations of MCP servers, as other programs write them too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dialogue.errors import BadInput
from stream.tools.mcp_config import mcp_servers, read_mcp_config


def test_servers_of_both_kinds_are_read(tmp_path: Path) -> None:
    config = {
        "mcpServers": {
            "time": {"command": "python", "args": ["-m", "mcp_server_time"], "env": {"TZ": "UTC"}, "type": "stdio"},
            "notes": {"url": "http://127.0.0.1:9000/mcp", "headers": {"Authorization": "Bearer x"}},
            "old": {"command": "x", "disabled": True},
        }
    }
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps(config))
    time, notes = read_mcp_config(path)
    assert (time.name, time.command, time.args, time.env) == (
        "time", "python", ("-m", "mcp_server_time"), {"TZ": "UTC"},
    )  # fmt: skip
    assert (notes.name, notes.url, notes.headers) == (
        "notes", "http://127.0.0.1:9000/mcp", {"Authorization": "Bearer x"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ([], 'needs an object "mcpServers"'),
        ({"mcpServers": []}, 'needs an object "mcpServers"'),
        ({"mcpServers": {"a": []}}, "must be an object"),
        ({"mcpServers": {"a": {}}}, "either a command or a url"),
        ({"mcpServers": {"a": {"command": "x", "url": "http://y"}}}, "either a command or a url"),
        ({"mcpServers": {"a": {"url": "file:///etc/passwd"}}}, "must begin with http"),
        ({"mcpServers": {"a": {"command": "x", "args": "y"}}}, "args"),
        ({"mcpServers": {"../a": {"command": "x"}}}, "no name for a server"),
        ({"mcpServers": {f"s{n}": {"command": "x"} for n in range(17)}}, "at most 16"),
    ],
)
def test_a_mistake_is_named(config: Any, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        mcp_servers(config, "mcp.json")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_mcp_config(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(BadInput, match="is not JSON"):
        read_mcp_config(tmp_path / "bad.json")
