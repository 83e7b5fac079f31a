"""`omnilive models inspect` and `omnilive models tiny`: describes a checkpoint, and writes tiny ones for tests."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialogue.sizing.free_memory import whole_memory
from stream.models.model_choice import inspectable_path
from ui.commands.subparsers import Subparsers
from ui.host.home import weight_store

if TYPE_CHECKING:
    from dialogue.sizing.inspection import Inspection

# Copies of the keys of the two tiny.py, which import torch and transformers and so take seconds.
TINY_KINDS = ("v2.5", "v2.6", "3", "o2.6", "o4.5")
TINY_SIBLINGS = ("v4.6", "v4.7", "ocr")


def add_actions(actions: Subparsers) -> None:
    """Adds the actions to `omnilive models`."""
    inspected = actions.add_parser(
        "inspect",
        help="describe a model, and whether it runs on this machine",
        description="Prints kind, sizes, memory at each precision, missing files, and a lower bound of the time of "
        "each step on this machine. Reads only headers; for a model on the hub, downloads only its config. The exit "
        "code is 1 if the model is not complete.",
    )
    inspected.add_argument(
        "model", metavar="ID_OR_PATH", help="a folder with config.json and .safetensors, a .gguf file, or a hub id"
    )
    inspected.set_defaults(run=inspect_model)
    tiny = actions.add_parser(
        "tiny",
        help="write a tiny model with random weights, for tests",
        description="Writes all files of a downloaded model, a few megabytes. The model runs wherever the real one "
        "runs, and answers nonsense.",
    )
    kinds = (*TINY_KINDS, *TINY_SIBLINGS)
    tiny.add_argument("kind", choices=kinds, metavar="KIND", help=f"one of {', '.join(kinds)}")
    tiny.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    tiny.add_argument("--seed", type=int, default=0, help="seed of the random weights; default: 0")
    tiny.set_defaults(run=write_tiny_model)


def inspect_model(options: argparse.Namespace) -> int:
    from dialogue.engines.inspect_model import inspect
    from dialogue.minicpm.kind import NATIVE_TYPES

    path = inspectable_path(options.model, weight_store())
    found = inspect(path)
    print("\n".join(found.lines()))
    config = json.loads((path / "config.json").read_text(encoding="utf-8")) if path.is_dir() else {}
    print("\n".join(speed_lines(config if config.get("model_type") in NATIVE_TYPES else None, found)))
    return 0 if found.whole else 1


def speed_lines(config: dict[str, Any] | None, found: Inspection) -> list[str]:
    """Lower bounds of the time per step on this machine, at each precision. `config` is that of a native engine, whose
    steps are modelled one by one; None for other models."""
    from dialogue.llm.precision import PRECISIONS
    from dialogue.minicpm.sizing.roofline import Roofline
    from dialogue.minicpm.sizing.this_machine import measure

    machine = measure(whole_memory())
    lines = [
        f"\nlower bounds on this machine's processor ({machine.memory / 1e9:.0f} GB of memory, copied at "
        f"{machine.bytes_read / 1e9:.0f} GB/s, {machine.multiply_adds / 1e9:.0f} G multiplications a second):"
    ]
    for precision in PRECISIONS:
        if config is not None:
            bounds = Roofline(config, precision).estimate(machine).line().removeprefix(f"{machine.name}: ")
        else:
            fits = "" if found.weight_bytes[precision] <= machine.memory else "does not fit; "
            bounds = f"{fits}token {found.token_bytes[precision] / machine.bytes_read * 1e3:.1f} ms"
        lines.append(f"  {precision:9} {bounds}")
    return lines


def write_tiny_model(options: argparse.Namespace) -> None:
    from dialogue.errors import BadInput

    folder: Path = options.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} exists and is not an empty folder. Name another folder.")
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
        raise BadInput(f"{folder} cannot be written: {error.strerror or error}.") from error
    print(f"{KINDS[options.kind].value}, tiny and random, is in {folder}; try `omnilive models inspect {folder}`")
