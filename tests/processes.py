"""Distributes the tests over processes: file by file; files that use the wall clock run one by one in two processes.

One process has the calls that need a core at once, the other one the files that mostly wait. They get processor time
first: every other test runs with the lowest priority, and `make test` has one process more than there are cores. On a
busy or slow machine that is not always enough, so `make test` runs failed tests that wait for a call, a program, a
server or a page once more, alone (`--waiting-only`); where any other test failed, nothing is run again.
"""

from __future__ import annotations

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

CALLS = (  # in this order: the first five share a server, which the last test of the fifth ends
    "tests/examples/test_realtime.py",
    "tests/browser/test_watching.py",
    "tests/browser/seeing/test_camera.py",
    "tests/browser/seeing/test_showing.py",
    "tests/browser/test_conversation.py",
    "tests/browser/languages/test_conversations.py",
    "tests/browser/languages/test_signs.py",
    "tests/browser/agents/test_agents.py",
    "tests/browser/test_delegation.py",
    "tests/browser/test_memory.py",
    "tests/browser/test_minicpm_call.py",
    "tests/browser/test_lost_call.py",
    "tests/ui/call/test_call.py",
    "tests/ui/call/test_resuming.py",
    "tests/ui/call/lines/test_socket_line.py",
    "tests/ui/rtc/test_ice_path.py",
    "tests/ui/test_hostile_chat_server.py",
    "tests/dialogue/remote/test_chat_server.py",
)
WAITING = (
    "tests/ui/host/test_supervisor.py",
    "tests/stream/session/test_delegation_stage.py",
    "tests/ui/test_signals.py",
    "tests/ui/dialects/test_engine_elsewhere.py",
    "tests/ui/dialects/test_larger_model.py",
    "tests/ui/dialects/test_openbmb_client.py",
    "tests/ui/cluster/test_cluster.py",
    "tests/examples/test_live.py",
)
IN_REAL_TIME = CALLS + WAITING
# Their tests wait for programs, servers and pages, for a limited time; what they compute takes little of it.
WAITED_FOR = ("tests/benchmarks/", "tests/browser/", "tests/examples/", "tests/install/", "tests/ui/")
ORDER = {file: number for number, file in enumerate(IN_REAL_TIME)}
PRIORITY = os.getpriority(os.PRIO_PROCESS, 0)
LOWER_BY = 19  # the kernel gives one such process 1.5 % of a core that a process in real time can use


def in_real_time(nodeid: str) -> bool:
    return file_of(nodeid) in ORDER


def waits(nodeid: str) -> bool:
    """Whether a test waits for more than the processor: for a call, a program, a server or a page."""
    return in_real_time(nodeid) or nodeid.startswith(WAITED_FOR)


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


class FileByFile(LoadScopeScheduling):
    """Gives files to free processes in order; those IN_REAL_TIME come first, CALLS and WAITING to one process each."""

    def _split_scope(self, nodeid: str) -> str:
        file = file_of(nodeid)
        if not in_real_time(nodeid):
            return file
        return "waiting" if file in WAITING else "calls"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    config.option.loadscopereorder = False  # files of a folder share what their fixtures have opened
    return FileByFile(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "refuse to run where a test is selected that waits for nothing but the processor"
    parser.addoption("--waiting-only", action="store_true", help=about)


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.getoption("--waiting-only"):
        return
    others = [item.nodeid for item in session.items if not waits(item.nodeid)]
    if others or not session.items:
        pytest.exit(f"not run again: {', '.join(others[:9]) or 'no test'}", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(file_of(item.nodeid)))


def _place(file: str) -> int:
    """Pages come last: where root runs it, Chromium raises the priority of its own processes above that of a call."""
    return ORDER.get(file, len(ORDER) + file.startswith("tests/browser/"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A process that is done with the tests in real time, or has none, makes room for the one that has."""
    if hasattr(item.config, "workerinput") and not in_real_time(item.nodeid):
        os.setpriority(os.PRIO_PROCESS, 0, min(PRIORITY + LOWER_BY, 19))
