"""The rule for torch, with clients that only pretend: what is asked, and what is installed with what."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from install import cpu_torch

CONSTRAINTS = Path(__file__).parent.parent.parent / "constraints.txt"


def report(*names: str) -> str:
    return json.dumps({"install": [{"metadata": {"name": name}} for name in names]})


class Clients:
    """pip and uv as far as this script talks to them."""

    def __init__(self, would_install: str, works: bool = True) -> None:
        self.would_install, self.works = would_install, works
        self.installations: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if command[0] == "nvidia-smi":
            return subprocess.CompletedProcess(command, 0, "GPU 0: something", "")
        if "--dry-run" in command:
            return subprocess.CompletedProcess(command, 0, self.would_install, "")
        self.installations.append(list(command))
        return subprocess.CompletedProcess(command, 0 if self.works else 1, "", "ERROR: first\nERROR: no route to host")


@pytest.fixture(autouse=True)
def fresh_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No torch yet and no GPU."""
    monkeypatch.setattr(cpu_torch, "installed_version", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_plain_pip_is_used_where_it_installs_no_cuda() -> None:
    clients = Clients(report("torch", "sympy", "networkx"))
    cpu_torch.install("2.13.0", CONSTRAINTS, clients)
    [command] = clients.installations
    assert command[1:4] == ["-m", "pip", "install"]
    assert command[-1] == "torch==2.13.0"


@pytest.mark.parametrize("would_install", [report("torch", "nvidia-cublas"), report("torch", "triton"), "", "[]"])
def test_the_cpu_build_is_used_where_pip_would_install_cuda(would_install: str) -> None:
    clients = Clients(would_install)
    cpu_torch.install("2.13.0", CONSTRAINTS, clients)
    getting_uv, command = clients.installations
    assert getting_uv[-1] == "uv"
    assert command[1:5] == ["-m", "uv", "pip", "install"]
    assert command[command.index("--torch-backend") + 1] == "cpu"


def test_a_gpu_gets_the_ordinary_build(tmp_path: Path) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\n")
    driver.chmod(0o755)
    clients = Clients(report("torch", "nvidia-cublas"))
    cpu_torch.install("2.13.0", CONSTRAINTS, clients)
    [command] = clients.installations
    assert command[1:4] == ["-m", "pip", "install"]


def test_an_installed_library_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_torch, "installed_version", lambda: "2.13.0")
    clients = Clients("")
    cpu_torch.install("2.13.0", CONSTRAINTS, clients)
    assert clients.installations == []


def test_failure_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"no route to host\nCheck the network .* PIP_FIND_LINKS"):
        cpu_torch.install("2.13.0", CONSTRAINTS, Clients(report("torch"), works=False))


def test_our_constraints_name_a_version_without_a_local_part() -> None:
    version = cpu_torch.pinned(CONSTRAINTS.read_text())
    assert version.replace(".", "").isdigit()
    with pytest.raises(ValueError, match="no version of torch"):
        cpu_torch.pinned("numpy==2\n")
