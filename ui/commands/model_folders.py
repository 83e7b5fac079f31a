"""`omnilive models inspect` and `omnilive models tiny`: what a downloaded checkpoint is, and small ones to try."""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.models.model_choice import inspectable_path
from ui.commands.subparsers import Subparsers
from ui.host.home import weight_store

if TYPE_CHECKING:
    from dialogue.sizing.inspection import Inspection

# Spelt out, because the tables of the two tiny.py come with torch and transformers, which take seconds to import.
TINY_KINDS = ("v2.5", "v2.6", "3", "o2.6", "o4.5")
TINY_SIBLINGS = ("v4.6", "v4.7", "ocr")


def add_actions(actions: Subparsers) -> None:
    """Below `omnilive models`."""
    inspected = actions.add_parser(
        "inspect",
        help="what a model is, and whether it would run here",
        description="Prints kind, sizes, memory at each precision, what is missing, and the least time each "
        "step takes on this machine. Reads headers only; of a model that is not here, only its config is fetched. "
        "Leaves with 1 if it is not complete.",
    )
    inspected.add_argument(
        "model", metavar="ID_OR_PATH", help="the folder with config.json and .safetensors, a .gguf file, or a hub id"
    )
    inspected.set_defaults(run=inspect_model)
    tiny = actions.add_parser(
        "tiny",
        help="write a tiny model with random weights, to try things out",
        description="Writes all files of a download, a few megabytes. It runs everywhere the real "
        "one does, and answers nonsense.",
    )
    kinds = (*TINY_KINDS, *TINY_SIBLINGS)
    tiny.add_argument("kind", choices=kinds, metavar="KIND", help=f"one of {', '.join(kinds)}")
    tiny.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    tiny.add_argument("--seed", type=int, default=0, help="other weights; default: 0")
    tiny.set_defaults(run=write_tiny_model)


def inspect_model(options: argparse.Namespace) -> int:
    from dialogue.engines.inspect_model import NATIVE_TYPES, inspect

    path = inspectable_path(options.model, weight_store())
    found = inspect(path)
    print("\n".join(found.lines()))
    config = json.loads((path / "config.json").read_text(encoding="utf-8")) if path.is_dir() else {}
    print("\n".join(speed_lines(config if config.get("model_type") in NATIVE_TYPES else None, found)))
    return 0 if found.whole else 1


def speed_lines(config: dict[str, Any] | None, found: Inspection) -> list[str]:
    """Lower bounds here, at each precision: what cannot be done faster, whatever the program. `config` is that of a
    model of ours, whose steps are known one by one."""
    from dialogue.llm.precision import PRECISIONS
    from dialogue.minicpm.sizing.roofline import Roofline
    from dialogue.minicpm.sizing.this_machine import measure

    machine = measure(_memory_bytes())
    lines = [
        f"\nat best, on this machine's processor ({machine.memory / 1e9:.0f} GB of memory, copied at "
        f"{machine.bytes_read / 1e9:.0f} GB/s, {machine.multiply_adds / 1e9:.0f} G multiplications a second):"
    ]
    for precision in PRECISIONS:
        if config is not None:
            told = Roofline(config, precision).estimate(machine).line().removeprefix(f"{machine.name}: ")
        else:
            fits = "" if found.weight_bytes[precision] <= machine.memory else "does not fit; "
            told = f"{fits}token {found.token_bytes[precision] / machine.bytes_read * 1e3:.1f} ms"
        lines.append(f"  {precision:9} {told}")
    return lines


def write_tiny_model(options: argparse.Namespace) -> None:
    from dialogue.errors import BadInput

    folder: Path = options.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is there already and not an empty folder; name another")
    try:
        if options.kind in TINY_SIBLINGS:
            from dialogue.image_text.tiny import KINDS as SIBLINGS
            from dialogue.image_text.tiny import write_tiny_sibling

            write_tiny_sibling(SIBLINGS[options.kind], folder, options.seed)
            print(f"{SIBLINGS[options.kind]}, tiny and random, is in {folder}; try `omnilive models inspect {folder}`")
            return
        from dialogue.minicpm.tiny.checkpoint import KINDS, write_tiny

        write_tiny(KINDS[options.kind], folder, options.seed)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written ({error.strerror or error})") from error
    print(f"{KINDS[options.kind].value}, tiny and random, is in {folder}; try `omnilive models inspect {folder}`")


def _memory_bytes() -> float:
    """All there is; without limit where the system does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf
