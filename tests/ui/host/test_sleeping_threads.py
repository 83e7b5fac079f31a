"""What torch's threads do while they wait is settled before torch is there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ui.host.sleeping_threads import POLICY, let_threads_sleep

LOOK = """
import os, sys
{first}
assert "torch" not in sys.modules
print(os.environ["OMP_WAIT_POLICY"])
"""
FROM_THE_SHELL = "from ui.command_line import main\ntry: main(['--version'])\nexcept SystemExit: pass"
FROM_PYTHON = "from omnilive import Assistant\nAssistant().close()"


@pytest.mark.parametrize("first", [FROM_THE_SHELL, FROM_PYTHON], ids=["shell", "python"])
def test_it_is_settled_before_torch_is_imported(first: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != POLICY}
    looked = subprocess.run(
        [sys.executable, "-c", LOOK.format(first=first)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.splitlines()[-1] == "PASSIVE"


def test_who_has_settled_it_is_left_alone() -> None:
    theirs, none = {POLICY: "ACTIVE"}, dict[str, str]()
    let_threads_sleep(theirs)
    let_threads_sleep(none)
    assert (theirs[POLICY], none[POLICY]) == ("ACTIVE", "PASSIVE")
