"""Runs the unit tests of the page's JavaScript modules, `*.test.js` beside this file, with node's own test runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OLDEST_NODE = 18  # the first one with a stable `node --test`
NODE = shutil.which("node")


def node_version() -> int:
    """The major version of node; 0 without node."""
    if NODE is None:
        return 0
    printed = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(printed.strip().removeprefix("v").partition(".")[0])


@pytest.mark.skipif(node_version() < OLDEST_NODE, reason=f"node {OLDEST_NODE} or newer is not installed")
def test_the_modules_of_the_page_pass_their_unit_tests() -> None:
    assert NODE is not None
    files = sorted(HERE.glob("*.test.js"))
    assert files
    ended = subprocess.run([NODE, "--test", *files], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
