"""The search for a Python, on machines that have the wrong ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def find_python(folder: Path, wanted: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the search with nothing but `folder` to find a Python in."""
    script = ROOT / "install" / "find_python.sh"
    settings = {"PATH": str(folder), **({"PYTHON": wanted} if wanted else {})}
    return subprocess.run(["/bin/sh", str(script)], env=settings, capture_output=True, text=True, check=False)


def pretend_python(path: Path, *, modern: bool, with_venv: bool) -> None:
    """Answers the three questions of the script as a Python of that kind would."""
    path.write_text(
        "#!/bin/sh\n"
        f'case "$2" in *version_info*\\<*) exit {0 if modern else 1};; *ensurepip*) exit {0 if with_venv else 1};;\n'
        f"*%d*) echo 3.12;; *) echo {path};; esac\n"
    )
    path.chmod(0o755)


def test_the_first_python_that_suits_is_found(tmp_path: Path) -> None:
    pretend_python(tmp_path / "python3", modern=False, with_venv=True)
    pretend_python(tmp_path / "python3.12", modern=True, with_venv=True)
    assert find_python(tmp_path).stdout.strip() == str(tmp_path / "python3.12")


def test_a_python_without_venv_names_the_package(tmp_path: Path) -> None:
    pretend_python(tmp_path / "python3", modern=True, with_venv=False)
    found = find_python(tmp_path)
    assert found.returncode == 1
    assert "sudo apt-get install python3.12-venv" in found.stderr


def test_an_old_python_is_refused_with_advice(tmp_path: Path) -> None:
    pretend_python(tmp_path / "python3", modern=False, with_venv=True)
    found = find_python(tmp_path)
    assert found.returncode == 1
    assert "omnilive needs Python 3.11 or newer" in found.stderr
    assert find_python(tmp_path, wanted=os.devnull).returncode == 1
