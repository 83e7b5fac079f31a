"""The common parts of the subcommands' parsers: type, layout, and the choice of a setup."""

from __future__ import annotations

import argparse
import dataclasses
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from dialogue.engines.registry import entry_named
from dialogue.engines.settings import EngineSettings
from dialogue.errors import BadInput
from dialogue.languages.language import CODES
from stream.models.components import Role, components
from stream.models.setup import SETUPS, Setup
from stream.runtime.given import Detail
from ui.commands.model_options import add_memory_options, add_model_options, with_memory, with_models
from ui.commands.remote_options import add_remote_options, with_remote
from ui.commands.tool_options import add_tool_options, with_tool_options
from ui.host.default_llm import with_default_llm
from ui.host.home import weight_store

ROLES: Mapping[Role, str] = {
    "asr": "asr",
    "tts": "tts",
    "detectors": "detector",
    "namers": "namer",
}  # and the setup's field
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
    aliases: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Adds a subcommand that calls `run`; `about` is its line in the list of commands."""
    parser = commands.add_parser(
        name,
        aliases=aliases,
        help=about,
        description=textwrap.fill(description or f"{about[0].upper()}{about[1:]}.", WIDTH),
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """Adds --setup, and the options of engines, models, memory and the remote server."""
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
    add_model_options(
        parser.add_argument_group("models", "LLM, multimodal model and captioner, instead of the embedded ones")
    )
    add_memory_options(parser.add_argument_group("context", "the context window of the engine"))
    around = parser.add_argument_group("models around the engine", "other packages can add to the choices")
    for role, setting in ROLES.items():
        usual = getattr(SETUPS["laptop"], setting)
        around.add_argument(f"--{setting}", choices=components(role), help=f"default: {usual}")
    around.add_argument(
        "--hd",
        choices=get_args(Detail),
        default="asked",
        help="pictures that a model that sees gets at full detail: those a question is about, all, or none",
    )
    around.add_argument(
        "--language",
        choices=("auto", *CODES),
        default="auto",
        help="language of the call; auto follows the user, and fetches models when a language is first used",
    )
    around.add_argument(
        "--no-acknowledgement",
        action="store_true",
        help='say no short phrase, such as "Let me think.", where an answer takes more than 0.7 s; '
        "the page has a switch for it too",
    )
    add_tool_options(parser.add_argument_group("tools", "for models that call functions"))
    add_remote_options(parser.add_argument_group("remote LLM", "for --setup remote"))


def chosen_setup(options: argparse.Namespace, upgrades: bool = False) -> Setup:
    """The setup of the options. With `upgrades` the caller replaces the small embedded LLM by `setup.upgrade` later.
    Raises BadInput when the options contradict each other."""
    setup = SETUPS[options.setup or "laptop"]
    if options.engine:
        named = engine_settings(options.engine, options.engine_option)
        setup = dataclasses.replace(setup, engine=named, chooses_llm=False)
    elif options.engine_option:
        raise BadInput("--engine-option needs --engine.")
    setup = with_remote(setup, options)
    around = {setting: getattr(options, setting) for setting in ROLES.values() if getattr(options, setting)}
    setup = with_memory(with_models(dataclasses.replace(setup, **around), options), options)
    setup = dataclasses.replace(
        setup,
        language=options.language,
        turns=dataclasses.replace(setup.turns, acknowledges=not options.no_acknowledgement),
        vision=dataclasses.replace(setup.vision, hd=options.hd),
    )
    setup = with_default_llm(setup, weight_store(), options.context, upgrades)
    return with_tool_options(setup, options)


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
    """A positive integer, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def at_least_none(text: str) -> int:
    """An integer of at least 0, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def port(text: str) -> int:
    """A TCP port, for argparse."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
