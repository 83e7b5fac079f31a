"""The options of `run` about who may use the server, and how pages reach it."""

from __future__ import annotations

import argparse
from pathlib import Path

from dialogue.errors import AssistantError
from ui.openai.api_keys import ApiKeys, read_api_keys
from ui.rtc.ice_servers import IceServers


def add_access_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--token", help="access token of other machines; default: OMNILIVE_TOKEN, or a new one at each start"
    )
    parser.add_argument(
        "--api-keys",
        type=Path,
        metavar="FILE",
        help="TOML file of API keys for the endpoints under /v1, with limits of sessions and minutes; default: the "
        "access token, and none with a loopback --host",
    )
    parser.add_argument(
        "--ice",
        action="append",
        default=[],
        metavar="URL",
        help="STUN or TURN server for the page, such as turn:HOST:3478?transport=tcp; may be given several times; "
        "default: none",
    )
    parser.add_argument(
        "--ice-secret-file", type=Path, metavar="FILE", help="the secret that TURN servers share (use-auth-secret)"
    )


def api_keys(options: argparse.Namespace) -> ApiKeys | None:
    """The keys of --api-keys. Raises AssistantError for a faulty file."""
    return read_api_keys(options.api_keys) if options.api_keys else None


def ice_servers(options: argparse.Namespace) -> IceServers:
    """The servers of --ice. Raises AssistantError for an invalid one, or a secret that cannot be read."""
    file, secret = options.ice_secret_file, None
    if file is not None:
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise AssistantError(f"The secret of the ICE servers cannot be read: {error}.") from error
    return IceServers(tuple(options.ice), secret)
