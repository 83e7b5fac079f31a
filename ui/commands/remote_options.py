"""--remote-url and its companions: the chat server of the setup remote, and the key for it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dialogue.errors import BadInput
from stream.models.model_choice import has_setting, with_engine
from stream.models.setup import Setup

KEY_VARIABLE = "OMNILIVE_REMOTE_KEY"
LONGEST_KEY = 1000
STAND_IN = "no_stand_in"
SETTINGS = {  # of an engine, by the option that changes it
    "remote_url": "url",
    "remote_model": "model",
    "remote_key": "api_key",
    "remote_key_file": "api_key",
    "remote_sees": "sees",
    "remote_hears": "hears",
    STAND_IN: "stand_in",
}


def add_remote_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--remote-url",
        "--url",
        metavar="URL",
        help="base URL of an OpenAI-compatible server; with --engine realtime the address of a realtime server",
    )
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
        "--remote-hears", action="store_true", help="send it the sound of your words as well as their transcript"
    )
    group.add_argument(
        "--no-stand-in",
        action="store_true",
        help="do not let the embedded model answer while the server does not; the call then says so and waits",
    )


def with_remote(setup: Setup, options: argparse.Namespace) -> Setup:
    """The setup, whose engine is a server, with what the options say about it. Raises BadInput where the engine has no
    such setting, and where a key cannot be used."""
    given = [name for name in SETTINGS if getattr(options, name)]
    if foreign := [name for name in given if not has_setting(setup, SETTINGS[name])]:
        named = [f"--{name.replace('_', '-')}" for name in foreign]
        raise BadInput(f"{' and '.join(named)} need{'s' * (len(named) == 1)} --setup remote.")
    if not has_setting(setup, "url"):
        return setup
    values = {SETTINGS[name]: getattr(options, name) for name in given if name not in ("remote_key_file", STAND_IN)}
    if (key := api_key(options.remote_key, options.remote_key_file, KEY_VARIABLE)) is not None:
        values["api_key"] = key
    if STAND_IN in given:
        values["stand_in"] = False
    setup = with_engine(setup, **values)
    if not setup.engine.server:
        raise BadInput(f"The setup {setup.name} needs --remote-url (or --url), the address of its server.")
    return setup


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
