"""What a MiniCPM takes here, beside the least it could take: tiny ones of every kind, or a real one by --model.

The least times are lower bounds from the sizes alone and from what this processor was measured to do a moment before;
of tiny models most of the time is Python's, so only a real one says how far from the bound the code is. Each model
runs in a process of its own, because peak memory belongs to the process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.minicpm_figures import Figures, measured, measured_text, rooflines
from benchmarks.minicpm_published import PUBLISHED
from benchmarks.report import add_json, write
from dialogue.errors import BadInput
from dialogue.image_text.tiny import KINDS as SIBLINGS
from dialogue.image_text.tiny import write_tiny_sibling
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.device import device_for
from dialogue.llm.precision import PRECISIONS
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.tiny.checkpoint import KINDS, write_tiny
from stream.models.model_choice import ENGINES, model_type


def apart(folder: Path, precision: str, device: str) -> Figures:
    """What is measured of a checkpoint, in a process of its own."""
    command = [sys.executable, __file__, "--alone", str(folder), "--precision", precision, "--device", device]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: Figures = json.loads(printed.splitlines()[-1])
    return figures


def alone(options: argparse.Namespace) -> Figures:
    if is_sibling(options.alone):
        from benchmarks.minicpm_siblings import measured_sibling

        return measured_sibling(options.alone, options.precision, options.device)
    kind = kind_of(Checkpoint(options.alone).config)
    measure = measured_text if kind is Kind.TEXT3 else measured
    return measure(options.alone, options.precision, options.device)


def show(name: str, figures: Figures) -> None:
    print(f"\n{name}")
    for figure, value in figures.items():
        if not figure.endswith("_least"):
            least = figures.get(f"{figure}_least")
            beside = f"   at least {least:.2f}" if least is not None else ""
            print(f"  {figure:18} {value:10.2f}{beside}", flush=True)


def is_sibling(folder: Path) -> bool:
    """Whether transformers runs it itself."""
    return model_type(folder) not in ENGINES


def show_elsewhere(folder: Path, options: argparse.Namespace) -> None:
    """What is known of the real model on other machines; of a tiny one's sizes there is nothing to tell."""
    if is_sibling(folder):
        return
    for line in PUBLISHED.get(kind_of(Checkpoint(folder).config), ()):
        print(f"  published, of the real one: {line}")
    if options.model:
        for line in rooflines(folder, options.precision):
            print(f"  at best: {line}")


def tiny_ones(folder: Path) -> dict[str, Path]:
    """Written there, one of each kind."""
    native = {f"tiny {name}": write_tiny(kind, folder / name) for name, kind in KINDS.items()}
    others = {f"tiny {name}": write_tiny_sibling(kind, folder / name) for name, kind in SIBLINGS.items()}
    return {**native, **others}


def options_given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", type=Path, metavar="PATH", help="a downloaded model (default: tiny ones of each kind)"
    )
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="default: float32")
    parser.add_argument("--device", default="auto", help="default: auto, a graphics card if torch finds one")
    add_json(parser)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        options.device = device_for(options.device)
        if options.model:
            model_type(options.model)
    except BadInput as error:
        parser.error(str(error))
    return options


def main() -> None:
    options = options_given()
    if options.alone:
        print(json.dumps(alone(options)))
        return
    found: Figures = {}
    with tempfile.TemporaryDirectory() as made:
        folders = {"model": options.model} if options.model else tiny_ones(Path(made))
        for name, folder in folders.items():
            figures = apart(folder, options.precision, options.device)
            show(f"{name}, {options.precision}, {options.device}", figures)
            show_elsewhere(folder, options)
            key = name.replace(" ", "_").replace(".", "")
            found |= {f"{key}_{figure}": round(value, 3) for figure, value in figures.items()}
    if options.json:
        write(found, options.json)


if __name__ == "__main__":
    main()
