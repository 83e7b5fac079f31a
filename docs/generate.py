"""Pages of the site that are generated when it is built: the command line, the Python API, the metrics, and files of
the repository's top folder. A hook of MkDocs (mkdocs.yml)."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator
from enum import EnumType
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
COPIED = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "benchmarks.md": "benchmarks/README.md",
    "guide/examples.md": "examples/README.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages to those of the folder."""
    sys.path.insert(0, str(ROOT))
    pages: dict[str, Callable[[], str]] = {
        "reference/cli.md": command_line,
        "reference/python.md": python_interface,
        "reference/metrics.md": metrics,
        **{page: (ROOT / source).read_text for page, source in COPIED.items()},
    }
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text()))
    return files


def command_line() -> str:
    """One section a command, from the parser."""
    from ui.command_line import parser

    top = parser()
    lines = ["# Command line", "", "Generated from the parser: the same as `omnilive COMMAND --help`.", ""]
    for command in [top, *commands_of(top)]:
        lines += [f"## {command.prog}", "", command.description or "", "", fenced(command.format_usage().strip()), ""]
        for group in command._action_groups:
            options = [action for action in group._group_actions if action.help and not is_list_of_commands(action)]
            if not options or [action.dest for action in options] == ["help"]:
                continue
            lines += [f"**{(group.title or 'options').capitalize()}**", ""]
            if group.description:
                lines += [fenced(group.description), ""]
            lines += ["| option | meaning |", "|---|---|"]
            lines += [f"| {invocation(action)} | {in_cell(str(action.help))} |" for action in options]
            lines.append("")
        if command.epilog:
            lines += [fenced(command.epilog.strip()), ""]
    return "\n".join(lines)


def commands_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from commands_of(command)


def is_list_of_commands(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction)


def invocation(action: argparse.Action) -> str:
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    name = str(action.metavar or choices or (action.dest.upper() if action.option_strings else action.dest))
    value = f" {name}" if action.nargs != 0 else ""
    return in_cell(", ".join(f"`{option}{value}`" for option in action.option_strings) or f"`{name}`")


def python_interface() -> str:
    """The public names of `omnilive`, and of the modules that a live call uses, from their docstrings."""
    import omnilive
    from stream.runtime import events
    from ui.api import attachments, live_call

    lines = ["# Python", "", "Generated from the docstrings.", "", fenced(inspect.getdoc(omnilive) or ""), ""]
    lines += ["## omnilive", ""]
    lines += [
        line for name in omnilive.__all__ if name != "main" for line in described(name, getattr(omnilive, name), 3)
    ]
    lines += ["## Content of a message", "", fenced(inspect.getdoc(attachments) or ""), ""]
    lines += ["## A live call", ""]
    lines += [line for name in ("LiveCall", "Voiced") for line in described(name, getattr(live_call, name), 3)]
    lines += ["## Events", "", inspect.getdoc(events) or "", ""]
    lines += [line for name, value in classes_of(events) for line in described(name, value, 3)]
    return "\n".join(lines)


def classes_of(module: ModuleType) -> list[tuple[str, type]]:
    return [(name, value) for name, value in vars(module).items() if inspect.isclass(value) and is_from(value, module)]


def is_from(value: type, module: ModuleType) -> bool:
    return value.__module__ == module.__name__


def described(name: str, value: Any, level: int) -> list[str]:
    """A heading, the signature and the docstring; for a class, its public methods as well; for a union, its members."""
    lines = [
        f"{'#' * level} {name}",
        "",
        fenced(f"{name}{signature(value)}", "python"),
        "",
        "" if isinstance(value, UnionType) else inspect.getdoc(value) or "",
        "",
    ]
    if inspect.isclass(value):
        for method, member in vars(value).items():
            function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            if not method.startswith("_") and inspect.isfunction(function) and function.__doc__:
                lines += described(method, function, level + 1)
    return lines


class Unquoted(str):
    """An annotation that a signature shows without quotation marks."""

    def __repr__(self) -> str:
        return str(self)


def signature(value: Any) -> str:
    if isinstance(value, EnumType) or (inspect.isclass(value) and issubclass(value, Exception)):
        return ""
    if isinstance(value, UnionType):
        return " = " + " | ".join(each.__name__ for each in get_args(value))
    found = inspect.signature(value)
    parameters = [each.replace(annotation=plain(each.annotation)) for each in found.parameters.values()]
    return str(found.replace(parameters=parameters, return_annotation=plain(found.return_annotation)))


def plain(annotation: Any) -> Any:
    return Unquoted(annotation) if isinstance(annotation, str) else annotation


def metrics() -> str:
    """What `/metrics` serves."""
    from ui.call.metrics import Metrics

    lines = ["# Metrics", "", "`GET /metrics`, in Prometheus' text format. Generated from the registry.", ""]
    lines += ["| name | type | labels | what |", "|---|---|---|---|"]
    collectors: list[Any] = list(Metrics().registry._collector_to_names)
    for metric in collectors:
        for family in getattr(metric, "describe", list)():
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            name = f"{family.name}_total" if family.type == "counter" else family.name
            lines.append(f"| `{name}` | {family.type} | {labels} | {in_cell(family.documentation)} |")
    return "\n".join(lines)


def fenced(text: str, language: str = "text") -> str:
    return f"```{language}\n{text}\n```"


def in_cell(text: str) -> str:
    return " ".join(text.replace("%%", "%").split()).replace("|", "\\|")
