"""--remote-url and its companions: the chat server of the setup remote, and the key for it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dialogue.engines.settings import RemoteSettings
from dialogue.errors import BadInput
from stream.models.model_choice import with_engine
from stream.models.setup import Setup

KEY_VARIABLE = "OMNILIVE_REMOTE_KEY"
LONGEST_KEY = 1000


def add_remote_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--remote-url", metavar="URL", help="base URL of an OpenAI-compatible server")
    group.add_argument("--remote-model", metavar="NAME", help="name of the model on that server")
    group.add_argument(
        "--remote-key",
        metavar="KEY",
        help="API key for it, which other users of this machine can see in its list of processes; default: "
        f"--remote-key-file, then {KEY_VARIABLE}",
    )
    group.add_argument("--remote-key-file", type=Path, metavar="FILE", help="file with the API key alone")
    group.add_argument(
        "--remote-sees", action="store_true", help="send it pictures of the camera, instead of words about them"
    )
    group.add_argument(
        "--no-stand-in",
        action="store_true",
        help="do not let the embedded model answer while the server does not; the call then says so and waits",
    )


def with_remote(setup: Setup, options: argparse.Namespace) -> Setup:
    """The setup remote with the server that the options name. Raises BadInput where the options contradict the setup,
    or a key cannot be used."""
    given = [
        f"--{name.replace('_', '-')}"
        for name in ("remote_url", "remote_model", "remote_key", "remote_key_file", "remote_sees", "no_stand_in")
        if getattr(options, name)
    ]
    if not isinstance(setup.engine, RemoteSettings):
        if given:
            raise BadInput(f"{' and '.join(given)} need{'s' * (len(given) == 1)} --setup remote.")
        return setup
    if not options.remote_url:
        raise BadInput("The setup remote needs --remote-url, the base URL of an OpenAI-compatible server.")
    return with_engine(
        setup,
        url=options.remote_url,
        model=options.remote_model,
        api_key=api_key(options.remote_key, options.remote_key_file, KEY_VARIABLE),
        sees=options.remote_sees,
        stand_in=not options.no_stand_in,
    )


def api_key(given: str | None, file: Path | None, variable: str) -> str | None:
    """The key from an option, a file or the environment, in this order; None where there is none.

    Raises BadInput for a file that cannot be read, and for a key that no HTTP header can hold.
    """
    key = given or (_first_line(file) if file is not None else os.environ.get(variable, "")).strip()
    if not key.isascii() or not key.isprintable() or len(key) > LONGEST_KEY:
        raise BadInput("The API key has characters that no key has; check where it was copied from.")
    return key or None


def _first_line(file: Path) -> str:
    try:
        with file.expanduser().open(encoding="utf-8") as opened:
            line = opened.readline(LONGEST_KEY + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The API key cannot be read from {file}: {error}.") from error
    if not line:
        raise BadInput(f"{file} begins with an empty line instead of the API key.")
    return line
