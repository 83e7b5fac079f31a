"""What a MiniCPM takes here, beside the least it could take: tiny ones of every kind, or a real one by --model.

The least times are lower bounds from the sizes alone and from what this processor was measured to do a moment before;
of tiny models most of the time is Python's, so only a real one says how far from the bound the code is. Each model
runs in a process of its own, because peak memory belongs to the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from torch import Tensor

from dialogue.choose_token import GREEDY
from dialogue.linear import Precision
from dialogue.minicpm.conversation import Turn, answer, prepare
from dialogue.minicpm.duplex import Duplex
from dialogue.minicpm.generation import generate
from dialogue.minicpm.inspection import PRECISIONS
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.mel import RATE
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.opening import open_model
from dialogue.minicpm.request import Picture, Sound
from dialogue.minicpm.roofline import Machine, Roofline
from dialogue.minicpm.session_o26 import Session
from dialogue.minicpm.this_machine import measure
from dialogue.minicpm.tiny import KINDS, write_tiny

TOKENS = 32  # decoded for tokens a second
TRIES = 3
PICTURE = np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8)  # one slice
SECOND = (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds that this machine cannot go below."""

    roofline: Roofline
    machine: Machine

    def picture(self) -> float:
        return self.roofline.slice().seconds(self.machine)

    def prompt(self, tokens: int) -> float:
        return self.roofline.prefill(tokens).seconds(self.machine)

    def sound(self) -> float:
        return self.roofline.second_of_sound().seconds(self.machine)


def measured(folder: Path, precision: Precision) -> Figures:
    """Milliseconds and megabytes of one checkpoint; `..._least` beside a figure is its bound."""
    before, began = peak_bytes(), time.perf_counter()
    model = open_model(folder, precision)
    taken = {"load": time.perf_counter() - began}
    peak = peak_bytes() - before
    bounds = Bounds(Roofline(model.config, precision, context=256), measure(float("inf")))
    sight = model.sight
    assert sight is not None
    _, slices = sight.cut(PICTURE)
    prompt = prepare(model, asked())
    taken["picture"] = shortest(lambda: sight.rows(slices))
    taken["first_token"] = shortest(lambda: next(answer(model, asked(), 1, GREEDY), ""))
    taken["token"] = token_s(model, prompt.rows)
    least = {
        "picture": bounds.picture(),
        "first_token": bounds.picture() + bounds.prompt(len(prompt.ids)),
        "token": bounds.prompt(1),
    }
    if model.kind.hears:
        taken["unit"], rows = unit(model)
        least["unit"] = bounds.picture() + bounds.sound() + bounds.prompt(rows)
    figures = {f"{name}_ms": 1e3 * seconds for name, seconds in taken.items()}
    figures |= {f"{name}_ms_least": 1e3 * seconds for name, seconds in least.items()}
    return {
        "load_peak_mb": peak / 1e6,
        "weights_mb": bounds.roofline.weights / 1e6,
        **figures,
        "tokens_per_s": 1 / taken["token"],
    }


def asked() -> list[Turn]:
    return [Turn("user", [Picture(PICTURE), "What do you see?"])]


def token_s(model: MiniCPM, prompt: Tensor) -> float:
    """Seconds a token, behind a prompt."""
    cache = model.decoder.new_cache(len(prompt) + TOKENS + 1)
    steps = generate(model.decoder, cache, prompt, TOKENS + 1)
    next(steps)
    began = time.perf_counter()
    count = sum(1 for _ in steps)
    return (time.perf_counter() - began) / count


def unit(model: MiniCPM) -> tuple[float, int]:
    """Seconds to take in a second with a picture, and the rows it becomes; nothing is said to it."""
    rows = 0
    if model.kind is Kind.O45:
        duplex = Duplex(model)
        duplex.prepare()

        def take_in() -> None:
            nonlocal rows
            rows = len(duplex.hear(SECOND, [Picture(PICTURE, 1)]).rows)
            duplex.say(listen=True)
    else:
        session = Session(model)
        session.introduce(["You see and hear."])

        def take_in() -> None:
            nonlocal rows
            rows = len(session.hear(["<unit>", Picture(PICTURE, 1), Sound(SECOND)]).ids)

    take_in()
    return shortest(take_in), rows


def shortest(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def peak_bytes() -> int:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def apart(folder: Path, precision: str) -> Figures:
    """`measured` in a process of its own."""
    command = [sys.executable, __file__, "--alone", str(folder), "--precision", precision]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: Figures = json.loads(printed.splitlines()[-1])
    return figures


def show(name: str, figures: Figures) -> None:
    print(f"\n{name}")
    for figure, value in figures.items():
        if not figure.endswith("_least"):
            least = figures.get(f"{figure}_least")
            print(
                f"  {figure:18} {value:10.2f}" + (f"   at least {least:.2f}" if least is not None else ""), flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", type=Path, metavar="PATH", help="a downloaded model (default: tiny ones of each kind)"
    )
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="default: float32")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as one flat object")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measured(options.alone, options.precision)))
        return
    found: Figures = {}
    with tempfile.TemporaryDirectory() as made:
        seeing = {name: kind for name, kind in KINDS.items() if kind.sees}
        folders = (
            {"model": options.model}
            if options.model
            else {f"tiny {name}": write_tiny(kind, Path(made) / name) for name, kind in seeing.items()}
        )
        for name, folder in folders.items():
            figures = apart(folder, options.precision)
            show(f"{name}, {options.precision}", figures)
            key = name.replace(" ", "_").replace(".", "")
            found |= {f"{key}_{figure}": round(value, 3) for figure, value in figures.items()}
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
