"""Measures time and memory of MiniCPM models beside lower bounds: tiny ones of every kind, or a real one by --model.

The lower bounds follow from the model's sizes and the speed that was just measured on this processor. A tiny model
spends most of its time in Python, so only a real one shows how far the code is from its bound. Each model runs in a
process of its own, because peak memory belongs to the process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.family.minicpm_figures import Figures, measure_model, measure_text_model, rooflines
from benchmarks.family.minicpm_published import PUBLISHED
from benchmarks.report import benchmark_parser, write
from dialogue.engines.registry import entry_running
from dialogue.errors import BadInput
from dialogue.image_text.tiny import KINDS as SIBLINGS
from dialogue.image_text.tiny import write_tiny_sibling
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.device import device_for
from dialogue.llm.precision import PRECISIONS
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.tiny.checkpoint import KINDS, write_tiny
from stream.models.model_choice import model_config


def measure_in_child(folder: Path, precision: str, device: str) -> Figures:
    """The figures of a checkpoint, measured in a process of its own."""
    command = [sys.executable, __file__, "--child", str(folder), "--precision", precision, "--device", device]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: Figures = json.loads(printed.splitlines()[-1])
    return figures


def measure_here(options: argparse.Namespace) -> Figures:
    if is_sibling(options.child):
        from benchmarks.family.minicpm_siblings import measure_sibling

        return measure_sibling(options.child, options.precision, options.device)
    kind = kind_of(Checkpoint(options.child).config)
    measure = measure_text_model if kind is Kind.TEXT3 else measure_model
    return measure(options.child, options.precision, options.device)


def show(name: str, figures: Figures) -> None:
    print(f"\n{name}")
    for figure, value in figures.items():
        if not figure.endswith("_least"):
            least = figures.get(f"{figure}_least")
            bound = f"   at least {least:.2f}" if least is not None else ""
            print(f"  {figure:18} {value:10.2f}{bound}", flush=True)


def is_sibling(folder: Path) -> bool:
    """Whether transformers runs the model."""
    return entry_running(model_config(folder)) is None


def show_elsewhere(folder: Path, options: argparse.Namespace) -> None:
    """Prints published figures of the real model, and for a real one the estimates for other machines."""
    if is_sibling(folder):
        return
    for line in PUBLISHED.get(kind_of(Checkpoint(folder).config), ()):
        print(f"  published for the real model: {line}")
    if options.model:
        for line in rooflines(folder, options.precision):
            print(f"  estimated at best: {line}")


def tiny_ones(folder: Path) -> dict[str, Path]:
    """Writes a tiny model of each kind into `folder`; their folders by name."""
    native = {f"tiny {name}": write_tiny(kind, folder / name) for name, kind in KINDS.items()}
    others = {f"tiny {name}": write_tiny_sibling(kind, folder / name) for name, kind in SIBLINGS.items()}
    return {**native, **others}


def parsed_options() -> argparse.Namespace:
    parser = benchmark_parser(__doc__)
    parser.add_argument(
        "--model", type=Path, metavar="PATH", help="a downloaded model (default: tiny ones of each kind)"
    )
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="default: float32")
    parser.add_argument("--device", default="auto", help="default: auto, a GPU if torch finds one")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        options.device = device_for(options.device)
        if options.model:
            model_config(options.model)
    except BadInput as error:
        parser.error(str(error))
    return options


def main() -> None:
    options = parsed_options()
    if options.child:
        print(json.dumps(measure_here(options)))
        return
    found: Figures = {}
    with tempfile.TemporaryDirectory() as made:
        folders = {"model": options.model} if options.model else tiny_ones(Path(made))
        for name, folder in folders.items():
            figures = measure_in_child(folder, options.precision, options.device)
            show(f"{name}, {options.precision}, {options.device}", figures)
            show_elsewhere(folder, options)
            key = name.replace(" ", "_").replace(".", "")
            found |= {f"{key}_{figure}": round(value, 3) for figure, value in figures.items()}
    write(found, options.json)


if __name__ == "__main__":
    main()
