"""The rooms of the code base: which may use which, no circles, and how large a folder may grow.

A room is a folder with Python files. A room may use the rooms below it in ROOMS, and itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_shape import PACKAGES, ROOT, named, parsed, product_files

MOST_FILES = 20  # directly in a folder

# From the bottom to the top. Rooms of one line may not use one another.
ROOMS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in """
    audio vision dialogue
    audio.room audio.turn_end audio.voices vision.naming vision.reading vision.sources vision.weights dialogue.text
    dialogue.llm.checkpoints
    dialogue.llm.native vision.frames vision.seeing
    dialogue.llm
    dialogue.memory dialogue.sizing dialogue.minicpm dialogue.watching
    dialogue.library dialogue.retrieval
    dialogue.library.formats dialogue.long_text
    dialogue.tools dialogue.evaluation
    dialogue.rules dialogue.minicpm.audio dialogue.minicpm.vision
    dialogue.rules.recall
    dialogue.languages
    dialogue.requests dialogue.shown
    dialogue.prompts
    dialogue.minicpm.speech dialogue.minicpm.text dialogue.remote dialogue.grammars
    dialogue.minicpm.checkpoints dialogue.remote.realtime
    dialogue.minicpm.chat dialogue.minicpm.tiny
    dialogue.minicpm.sessions dialogue.image_text
    dialogue.minicpm.sizing
    dialogue.engines.elsewhere dialogue.engines.minicpm dialogue.interpreting
    dialogue.engines
    stream stream.runtime stream.media stream.models.fetching
    stream.tools stream.library stream.languages
    stream.models stream.playout stream.turns
    stream.perception stream.recording stream.long_text
    stream.showing stream.perception.units
    stream.replies stream.requests
    stream.session
    ui.host ui.realtime
    ui.realtime.live
    ui.rtc ui.local ui.api
    ui.call.lines
    ui.call
    ui.openai
    ui.dialects
    ui.http
    ui.checks ui.cluster
    ui.commands.long_texts ui.commands.evaluation ui.commands.options
    ui.commands
    ui
    omnilive
    """.strip().splitlines()
)
LEAVES = ("audio", "vision", "dialogue")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in product_files()}


def room_of(module: str) -> str:
    folder = MODULES[module].relative_to(ROOT).parent
    return ".".join(folder.parts) or "omnilive"


def imported(path: Path) -> set[str]:
    """Our modules that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{named(path)}, line {node.lineno}: imports are absolute"
            names = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= names or {node.module or ""}
    return found & MODULES.keys()


@cache
def import_graph() -> dict[str, set[str]]:
    """The modules of the product that each one imports."""
    return {module: imported(path) - {module} for module, path in MODULES.items()}


def rings(graph: dict[str, set[str]]) -> Iterator[set[str]]:
    """Sets of modules that reach one another: a module at the end of nobody's imports is taken away until none is."""
    left = {module: set(users) for module, users in graph.items()}
    while free := [module for module, used in left.items() if not used & left.keys()]:
        for module in free:
            del left[module]
    while left:
        first = next(iter(left))
        reached, todo = set[str](), [first]
        while todo:
            module = todo.pop()
            for used in left.get(module, set()) & left.keys() - reached:
                reached.add(used)
                todo.append(used)
        if first in reached:
            yield reached
        for module in reached | {first}:
            left.pop(module, None)


def test_no_module_reaches_itself() -> None:
    assert not list(rings(import_graph()))


def test_a_ring_would_be_found() -> None:
    assert list(rings({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == [{"a", "b", "c"}]


def test_every_room_has_a_place_in_the_order() -> None:
    rooms = {room_of(module) for module in MODULES}
    assert rooms == frozenset().union(*ROOMS)


@pytest.mark.parametrize("room", sorted({room_of(module) for module in MODULES}))
def test_a_room_uses_what_lies_below(room: str) -> None:
    height = {name: number for number, row in enumerate(ROOMS) for name in row}
    strays = [
        f"{module} uses {used}"
        for module, uses in import_graph().items()
        if room_of(module) == room
        for used in uses
        if room_of(used) != room and height[room_of(used)] >= height[room]
    ]
    assert not strays


def test_leaves_do_not_use_one_another() -> None:
    package = {module: module.split(".")[0] for module in MODULES}
    strays = [
        f"{module} uses {used}"
        for module, uses in import_graph().items()
        if package[module] in LEAVES
        for used in uses
        if package[used] != package[module]
    ]
    assert not strays


def folders() -> list[Path]:
    inside = [folder for name in (*PACKAGES, "tests", "benchmarks", "examples") for folder in (ROOT / name).rglob("*")]
    tops = [ROOT / name for name in (*PACKAGES, "tests", "benchmarks")]
    return [
        folder
        for folder in (*tops, *inside)
        if folder.is_dir() and any(folder.glob("*.py")) and "build" not in folder.relative_to(ROOT).parts
    ]


@pytest.mark.parametrize("folder", folders(), ids=named)
def test_a_folder_has_few_files(folder: Path) -> None:
    assert len([path for path in folder.iterdir() if path.is_file()]) <= MOST_FILES


@pytest.mark.parametrize("room", sorted({room_of(module) for module in MODULES} - {"omnilive", "vision.weights"}))
def test_the_docstring_of_a_room_is_one_sentence(room: str) -> None:
    [first, *_] = (ast.get_docstring(ast.parse(MODULES[room].read_text())) or "").splitlines() or [""]
    assert first.endswith("."), "the room says nothing about itself"
    assert ". " not in first, "one sentence"
