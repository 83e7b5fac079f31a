"""The options of `run` about who may use the server: an access token, and API keys."""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.openai.api_keys import ApiKeys, read_api_keys


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


def api_keys(options: argparse.Namespace) -> ApiKeys | None:
    """The keys of --api-keys. Raises AssistantError for a faulty file."""
    return read_api_keys(options.api_keys) if options.api_keys else None
