"""What the subcommands' parsers have in common: their type, their layout, and the choice of a setup."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from dialogue.engines.registry import entry_named
from dialogue.engines.settings import EngineSettings, RemoteSettings
from dialogue.errors import BadInput
from stream.models.components import Role, components
from stream.models.model_choice import with_engine
from stream.models.setup import SETUPS, Setup
from ui.commands.model_options import add_memory_options, add_model_options, with_memory, with_models

ROLES: Mapping[Role, str] = {"asr": "asr", "tts": "tts", "detectors": "detector"}  # and the setup's field

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
    """--setup and --engine, with the options of the engines and of the models around them."""
    presets = "\n".join(f"{setup.name}: {setup.about}" for setup in SETUPS.values())
    group = parser.add_argument_group("setup", presets)
    group.add_argument("--setup", choices=SETUPS, help="default: laptop; --model and --llm choose a setup themselves")
    group.add_argument("--engine", metavar="NAME", help="an engine that another package brings, in the setup laptop")
    group.add_argument(
        "--engine-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of that engine; may be given several times",
    )
    add_model_options(group)
    add_memory_options(group)
    for role, setting in ROLES.items():
        group.add_argument(
            f"--{setting}", choices=components(role), help=f"default: {getattr(SETUPS['laptop'], setting)}"
        )
    group.add_argument("--remote-url", metavar="URL", help="for --setup remote: an OpenAI-compatible server's address")
    group.add_argument("--remote-model", metavar="NAME", help="for --setup remote: the model to ask for")


def chosen_setup(options: argparse.Namespace) -> Setup:
    """Raises BadInput when the options do not fit together."""
    setup = SETUPS[options.setup or "laptop"]
    if options.engine:
        setup = dataclasses.replace(setup, engine=engine_settings(options.engine, options.engine_option))
    elif options.engine_option:
        raise BadInput("--engine-option belongs to --engine.")
    remote = {"url": options.remote_url, "model": options.remote_model}
    given = {name: value for name, value in remote.items() if value}
    if isinstance(setup.engine, RemoteSettings):
        if not options.remote_url:
            raise BadInput("The setup remote needs --remote-url, the address of an OpenAI-compatible server.")
        setup = with_engine(setup, **given)
    elif given:
        raise BadInput("--remote-url and --remote-model belong to --setup remote.")
    around = {setting: getattr(options, setting) for setting in ROLES.values() if getattr(options, setting)}
    return with_memory(with_models(dataclasses.replace(setup, **around), options), options)


def engine_settings(name: str, options: Sequence[str]) -> EngineSettings:
    """The settings of a named engine from NAME=VALUE options. Raises BadInput for an unknown one, or a bad value."""
    record = entry_named(name).settings
    types = get_type_hints(record)
    values: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        if not equals or key not in types:
            raise BadInput(f"The engine {name} has no setting {key!r}; it has {', '.join(types)}, given as NAME=VALUE.")
        try:
            values[key] = TypeAdapter(types[key]).validate_strings(text)
        except ValidationError as error:
            raise BadInput(f"The setting {key} cannot be {text!r}: {error.errors()[0]['msg']}.") from error
    try:
        return record(**values)
    except TypeError as error:
        raise BadInput(f"The engine {name} needs more settings: {error}.") from error


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
