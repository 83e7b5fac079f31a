"""Reads the usual configuration of MCP servers: `{"mcpServers": {name: {"command", "args", "env"} or {"url"}}}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dialogue.errors import BadInput

MOST_SERVERS = 16
_NAME = re.compile(r"[A-Za-z0-9][\w. -]{0,40}")


class McpServer(BaseModel):
    """One server: a `command` that is started here and spoken to over its standard input and output, or a `url`."""

    # Other programs keep more in the same file.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    name: str
    command: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    disabled: bool = False

    @model_validator(mode="after")
    def _has_one_way(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("a server has either a command or a url")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("the url must begin with http:// or https://")
        return self


def read_mcp_config(path: Path) -> tuple[McpServer, ...]:
    """The servers in a file, without those that are disabled. Raises BadInput for anything else."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from error
    return mcp_servers(config, str(path))


def mcp_servers(config: object, where: str) -> tuple[McpServer, ...]:
    """The servers of a configuration. Raises BadInput; `where` names it in the message."""
    listed = config.get("mcpServers", config.get("servers")) if isinstance(config, dict) else None
    if not isinstance(listed, dict):
        raise BadInput(f'{where} needs an object "mcpServers": {{"NAME": {{"command": "..."}}}}.')
    if len(listed) > MOST_SERVERS:
        raise BadInput(f"{where} has {len(listed)} servers; at most {MOST_SERVERS} can be used.")
    servers = [_server(name, entry, where) for name, entry in listed.items()]
    return tuple(server for server in servers if not server.disabled)


def _server(name: str, entry: object, where: str) -> McpServer:
    if not _NAME.fullmatch(name):
        raise BadInput(f"{where}: {name!r} is no name for a server; use letters, digits, - and _.")
    if not isinstance(entry, dict):
        raise BadInput(f"{where}: the server {name} must be an object with a command or a url.")
    try:
        return McpServer(**{**entry, "name": name})
    except (ValidationError, TypeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        field = ".".join(map(str, first["loc"]))
        raise BadInput(f"{where}: the server {name} cannot be used: {field or 'entry'}: {first['msg']}.") from error
