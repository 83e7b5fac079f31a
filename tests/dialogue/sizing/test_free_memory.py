"""Free memory, as the system and its control groups report it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dialogue.sizing.free_memory import free_memory, whole_memory

SYSTEM = 2_048_000_000


class ProbedFolders:
    """The folders that the probe reads."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.cgroups = folder / "proc", folder / "cgroup"
        (self.proc / "self").mkdir(parents=True)
        (self.proc / "meminfo").write_text("MemTotal: 24684084 kB\nMemFree:   1 kB\nMemAvailable:   2000000 kB\n")

    def is_in(self, *lines: str) -> None:
        (self.proc / "self" / "cgroup").write_text("".join(f"{line}\n" for line in lines))

    def v2(self, path: str, limit: str) -> Path:
        folder = self.cgroups / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text("700000000\n")
        (folder / "memory.stat").write_text("anon 400000000\ninactive_file 200000000\n")
        return folder

    def v1(self, path: str, limit: int) -> Path:
        folder = self.cgroups / "memory" / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (folder / "memory.usage_in_bytes").write_text("700000000\n")
        (folder / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 200000000\n")
        return folder

    def free(self) -> float:
        return free_memory(self.proc, self.cgroups)


@pytest.fixture
def machine(tmp_path: Path) -> ProbedFolders:
    return ProbedFolders(tmp_path)


def test_without_control_groups_the_system_decides(machine: ProbedFolders) -> None:
    assert machine.free() == SYSTEM


def test_max_is_no_limit(machine: ProbedFolders) -> None:
    machine.v2("", "max")
    assert machine.free() == SYSTEM


def test_a_v2_container_holds_less(machine: ProbedFolders) -> None:
    machine.is_in("0::/")
    machine.v2("", "1000000000")
    assert machine.free() == 500_000_000


def test_a_v1_container_holds_less(machine: ProbedFolders) -> None:
    machine.is_in("5:cpu,cpuacct:/", "4:memory:/box/one", "0::/")
    machine.v1("box/one", 1_000_000_000)
    assert machine.free() == 500_000_000


def test_a_v1_limit_beyond_the_machine_is_no_limit(machine: ProbedFolders) -> None:
    machine.is_in("4:memory:/box")
    machine.v1("box", 9223372036854771712)
    assert machine.free() == SYSTEM


@pytest.mark.parametrize(("outer", "inner"), [("1000000000", "max"), ("1000000000", "1500000000")])
def test_an_outer_v2_limit_holds_for_inner_groups(machine: ProbedFolders, outer: str, inner: str) -> None:
    machine.is_in("0::/box/one")
    machine.v2("box", outer)
    machine.v2("box/one", inner)
    assert machine.free() == 500_000_000


def test_an_inner_v2_limit_may_be_tighter(machine: ProbedFolders) -> None:
    machine.is_in("0::/box/one")
    machine.v2("box", "1500000000")
    machine.v2("box/one", "1000000000")
    assert machine.free() == 500_000_000


def test_an_outer_v1_limit_holds_for_inner_groups(machine: ProbedFolders) -> None:
    machine.is_in("4:memory:/box/one")
    machine.v1("box", 1_000_000_000)
    machine.v1("box/one", 1_500_000_000)
    assert machine.free() == 500_000_000


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_container_that_shows_its_outer_path_has_its_own_group_at_the_root(
    machine: ProbedFolders, version: str
) -> None:
    machine.is_in("4:memory:/docker/abc", "0::/../outside")
    if version == "v1":
        machine.v1("", 1_000_000_000)
    else:
        machine.v2("", "1000000000")
    assert machine.free() == 500_000_000


def test_another_groups_limit_does_not_count(machine: ProbedFolders) -> None:
    machine.is_in("0::/box/one")
    machine.v2("box/one", "max")
    machine.v2("box/two", "800000000")
    assert machine.free() == SYSTEM


def test_missing_statistics_free_no_cached_files(machine: ProbedFolders) -> None:
    (machine.v2("", "1000000000") / "memory.stat").unlink()
    assert machine.free() == 300_000_000


def test_a_limit_without_use_is_passed_over(machine: ProbedFolders) -> None:
    (machine.v2("", "1000000000") / "memory.current").unlink()
    assert machine.free() == SYSTEM


def test_a_group_over_its_limit_has_nothing_free(machine: ProbedFolders) -> None:
    machine.v2("", "100000000")
    assert machine.free() == 0


def test_another_system_reports_its_physical_memory(tmp_path: Path) -> None:
    assert 1e8 < free_memory(tmp_path / "none", tmp_path / "none") < math.inf


def test_the_whole_memory_is_that_of_the_container(machine: ProbedFolders) -> None:
    assert whole_memory(machine.proc, machine.cgroups) > 1e8
    machine.is_in("0::/box")
    machine.v2("box", "90000000")
    assert whole_memory(machine.proc, machine.cgroups) == 90_000_000


def test_this_machine_has_some() -> None:
    assert 1e6 < free_memory() < whole_memory() < math.inf
