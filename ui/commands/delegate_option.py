"""--delegate: a larger model that answers what the call's own model passes on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from dialogue.engines.registry import entry_of
from dialogue.errors import BadInput
from stream.models.setup import DelegateSettings, Setup
from ui.commands.remote_options import api_key

KEY_VARIABLE = "OMNILIVE_DELEGATE_KEY"


def add_delegate_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "larger model", "answers what you ask it for, while the call goes on with its own model"
    )
    group.add_argument(
        "--delegate",
        metavar="URL_OR_FILE",
        help="base URL of an OpenAI-compatible server (http://gpu-box:8000/v1), or a .gguf file of this machine, which "
        "runs in a process of its own (needs the package xllamacpp); default: none, and nothing leaves the machine",
    )
    group.add_argument("--delegate-model", metavar="NAME", help="name of the model on that server")
    group.add_argument(
        "--delegate-key-file", type=Path, metavar="FILE", help=f"file with the API key alone; default: {KEY_VARIABLE}"
    )
    group.add_argument(
        "--delegate-sees", action="store_true", help="send it the camera's picture, instead of words about it"
    )


def with_delegate(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the larger model of the options. Raises BadInput where they contradict one another, and for an
    engine that passes nothing on."""
    given = [
        f"--{name.replace('_', '-')}"
        for name in ("delegate_model", "delegate_key_file", "delegate_sees")
        if getattr(options, name)
    ]
    if not options.delegate:
        if given:
            raise BadInput(f"{' and '.join(given)} need{'s' * (len(given) == 1)} --delegate.")
        return setup
    entry = entry_of(setup.engine)
    if not (entry.can.scene_rules or entry.can.tools):
        raise BadInput(f"The engine {entry.name} passes no questions on; leave --delegate out.")
    if options.delegate.startswith(("http://", "https://")):
        key = api_key(None, options.delegate_key_file, KEY_VARIABLE)
        settings = DelegateSettings(
            options.delegate, model=options.delegate_model, api_key=key, sees=options.delegate_sees
        )
        return replace(setup, delegate=settings)
    path = Path(options.delegate).expanduser().absolute()
    if path.suffix != ".gguf" or not path.is_file():
        raise BadInput(f"{options.delegate} is neither an address (http://...) nor a .gguf file.")
    if given:
        raise BadInput(f"{' and '.join(given)} cannot be combined with a file as --delegate.")
    return replace(setup, delegate=DelegateSettings(model_path=path))
