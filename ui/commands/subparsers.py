"""What the subcommands' parsers have in common: their type, their layout, and the choice of a setup."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from stream.setup import SETUPS, Setup

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = Any


PRECISIONS = ("float32", "bfloat16", "int8", "int4")


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
    group.add_argument("--setup", choices=SETUPS, help="default: laptop; with --model, minicpm")
    group.add_argument("--model", type=Path, metavar="PATH", help="the folder of a downloaded MiniCPM that sees")
    group.add_argument("--precision", choices=PRECISIONS, help="for --model: of its language model; default: bfloat16")
    group.add_argument("--remote-url", metavar="URL", help="for --setup remote: an OpenAI-compatible server's address")
    group.add_argument("--remote-model", metavar="NAME", help="for --setup remote: the model to ask for")


def chosen_setup(options: argparse.Namespace) -> Setup:
    """Raises BadInput when the options do not fit together."""
    setup = SETUPS[options.setup or ("minicpm" if options.model else "laptop")]
    remote = {"remote_url": options.remote_url, "remote_model": options.remote_model}
    given = {name: value for name, value in remote.items() if value}
    if setup.engine == "remote" and not (given.get("remote_url") or setup.remote_url):
        raise BadInput("the setup remote needs --remote-url, the address of an OpenAI-compatible server")
    if given and setup.engine != "remote":
        raise BadInput("--remote-url and --remote-model belong to --setup remote")
    return dataclasses.replace(setup, **given, **_chosen_model(options, setup))


def _chosen_model(options: argparse.Namespace, setup: Setup) -> dict[str, Any]:
    if setup.engine != "minicpm":
        if options.model or options.precision:
            raise BadInput("--model and --precision belong to --setup minicpm")
        return {}
    folder: Path | None = options.model or setup.model_path
    if folder is None:
        raise BadInput("the setup minicpm needs --model, the folder of a downloaded MiniCPM-V or MiniCPM-o")
    if not (folder / "config.json").is_file():
        raise BadInput(f"there is no config.json in {folder}: --model takes the folder of a downloaded model")
    return {"model_path": folder, "precision": options.precision or setup.precision}


def port(text: str) -> int:
    """A TCP port, for argparse."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)
