"""The common parts of the subcommands' parsers: type, layout, and the choice of a setup."""

from __future__ import annotations

import argparse
import dataclasses
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from stream.models.setup import SETUPS, Setup
from ui.commands.model_options import add_memory_options, add_model_options, with_memory, with_models

WIDTH = 100  # columns of a description, which argparse prints as it is

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = Any


def add_command(
    commands: Subparsers,
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    *,
    about: str,
    description: str = "",
    examples: str = "",
) -> argparse.ArgumentParser:
    """Adds a subcommand that calls `run`; `about` is its line in the list of commands."""
    parser = commands.add_parser(
        name,
        help=about,
        description=textwrap.fill(description or f"{about[0].upper()}{about[1:]}.", WIDTH),
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """Adds --setup, and the options of models, memory and the remote server."""
    presets = "\n".join(f"{setup.name}: {setup.about}" for setup in SETUPS.values())
    group = parser.add_argument_group("setup", presets)
    group.add_argument("--setup", choices=SETUPS, help="default: laptop; with --model, minicpm; with --llm, llm")
    add_model_options(
        parser.add_argument_group("models", "LLM, multimodal model and captioner, instead of the embedded ones")
    )
    add_memory_options(parser.add_argument_group("context", "the context window of --model and --llm"))
    remote = parser.add_argument_group("remote LLM", "for --setup remote")
    remote.add_argument("--remote-url", metavar="URL", help="base URL of an OpenAI-compatible server")
    remote.add_argument("--remote-model", metavar="NAME", help="name of the model on that server")


def chosen_setup(options: argparse.Namespace) -> Setup:
    """The setup of the options. Raises BadInput when they contradict each other."""
    setup = SETUPS[options.setup or "laptop"]
    remote = {"remote_url": options.remote_url, "remote_model": options.remote_model}
    given = {name: value for name, value in remote.items() if value}
    if setup.engine == "remote" and not (given.get("remote_url") or setup.remote_url):
        raise BadInput("The setup remote needs --remote-url, the base URL of an OpenAI-compatible server.")
    if given and setup.engine != "remote":
        raise BadInput("--remote-url and --remote-model need --setup remote.")
    return with_memory(with_models(dataclasses.replace(setup, **given), options), options)


def at_least_one(text: str) -> int:
    """A positive integer, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def port(text: str) -> int:
    """A TCP port, for argparse."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
