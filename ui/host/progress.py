"""Shows the progress of downloads: a bar on a terminal, one line per download in a log file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from stream.models.fetching.fetch import Progress
from stream.models.weights import WeightStore


@contextmanager
def bars() -> Iterator[Progress]:
    """Gives the callback to which `WeightStore.pull` reports."""
    open_bars: dict[str, tqdm] = {}

    def show(name: str, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            if done in (0, total) and name not in open_bars:
                print(f"downloading {name} ({total / 1e6:.0f} MB)", file=sys.stderr)
                open_bars[name] = tqdm(disable=True)
            return
        if name not in open_bars:
            open_bars[name] = tqdm(total=total, desc=name, unit="B", unit_scale=True, unit_divisor=1000, leave=True)
        bar = open_bars[name]
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        for bar in open_bars.values():
            bar.close()


def fetch(store: WeightStore, names: Iterable[str] | None, folder: Path | None = None) -> None:
    """Fetches weights as `WeightStore.pull` does, and shows the progress. Raises WeightsError."""
    with bars() as progress:
        store.pull(names, progress, folder)
