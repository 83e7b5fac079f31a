"""How much memory is free, as the system and as a container say it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ui.host.free_memory import free_memory


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    file = tmp_path / "meminfo"
    file.write_text("MemTotal:       24684084 kB\nMemFree:        1 kB\nMemAvailable:   2000000 kB\n")
    return file


def container(folder: Path, limit: str) -> Path:
    folder.mkdir()
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text("700000000\n")
    (folder / "memory.stat").write_text("anon 400000000\ninactive_file 200000000\n")
    return folder


def test_what_the_system_can_give(meminfo: Path, tmp_path: Path) -> None:
    assert free_memory(meminfo, tmp_path / "none") == 2_048_000_000
    assert free_memory(meminfo, container(tmp_path / "free", "max")) == 2_048_000_000


def test_a_container_holds_less(meminfo: Path, tmp_path: Path) -> None:
    assert free_memory(meminfo, container(tmp_path / "tight", "1000000000")) == 500_000_000


def test_another_system_is_asked_for_all_it_has(tmp_path: Path) -> None:
    assert 1e8 < free_memory(tmp_path / "none", tmp_path / "none") < math.inf


def test_this_machine_has_some() -> None:
    assert free_memory() > 1e6
