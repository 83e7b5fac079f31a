"""What the subcommands' parsers have in common: their type, their layout, and the choice of a setup."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from stream.models.setup import SETUPS, Setup
from ui.commands.model_options import add_memory_options, add_model_options, with_memory, with_models

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
    """A subcommand that `run` carries out; `about` is its line in the list of commands."""
    parser = commands.add_parser(
        name,
        help=about,
        description=description or f"{about[0].upper()}{about[1:]}.",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """--setup, and what the setups `remote` and `minicpm` need to know."""
    presets = "\n".join(f"{setup.name}: {setup.about}" for setup in SETUPS.values())
    group = parser.add_argument_group("setup", presets)
    group.add_argument("--setup", choices=SETUPS, help="default: laptop; with --model, minicpm; with --llm, llm")
    add_model_options(group)
    add_memory_options(group)
    group.add_argument("--remote-url", metavar="URL", help="for --setup remote: an OpenAI-compatible server's address")
    group.add_argument("--remote-model", metavar="NAME", help="for --setup remote: the model to ask for")


def chosen_setup(options: argparse.Namespace) -> Setup:
    """Raises BadInput when the options do not fit together."""
    setup = SETUPS[options.setup or "laptop"]
    remote = {"remote_url": options.remote_url, "remote_model": options.remote_model}
    given = {name: value for name, value in remote.items() if value}
    if setup.engine == "remote" and not (given.get("remote_url") or setup.remote_url):
        raise BadInput("the setup remote needs --remote-url, the address of an OpenAI-compatible server")
    if given and setup.engine != "remote":
        raise BadInput("--remote-url and --remote-model belong to --setup remote")
    return with_memory(with_models(dataclasses.replace(setup, **given), options), options)


def at_least_one(text: str) -> int:
    """A number of things, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} will not do: give a number, 1 or more")
    return int(text)


def port(text: str) -> int:
    """A TCP port, for argparse."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)
