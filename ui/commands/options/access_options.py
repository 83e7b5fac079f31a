"""The options of `run` and `cluster` about who may use the server, and how pages reach it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dialogue.errors import AssistantError
from ui.openai.api_keys import ApiKeys, read_api_keys
from ui.rtc.ice_servers import IceServers

TOKEN = "OMNILIVE_TOKEN"


def add_access_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--token", help=f"access token of other machines; default: {TOKEN}, or a new one at each start")
    parser.add_argument(
        "--api-keys",
        type=Path,
        metavar="FILE",
        help="TOML file of API keys for the endpoints under /v1, with limits of sessions and minutes; default: the "
        "access token, and none with a loopback --host",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="site whose pages may use the endpoints under /v1 from a browser, such as https://app.example; may be "
        "given several times; default: none",
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


def given_token(options: argparse.Namespace) -> str | None:
    """The token of --token, else of the environment."""
    given: str | None = options.token or os.environ.get(TOKEN)
    return given


def api_keys(options: argparse.Namespace) -> ApiKeys:
    """The keys of --api-keys, and the sites of --allow-origin. Raises AssistantError for a faulty file or site."""
    keys = read_api_keys(options.api_keys) if options.api_keys else ApiKeys()
    keys.allow(options.allow_origin)
    return keys


def ice_servers(options: argparse.Namespace) -> IceServers:
    """The servers of --ice. Raises AssistantError for an invalid one, or a secret that cannot be read."""
    file, secret = options.ice_secret_file, None
    if file is not None:
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise AssistantError(f"The secret of the ICE servers cannot be read: {error}.") from error
    return IceServers(tuple(options.ice), secret)
