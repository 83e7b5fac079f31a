"""Distributes the tests over processes: file by file; files that use the wall clock run last, one by one.

Beside busy processes a call in real time would measure their load.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

IN_REAL_TIME = (
    "tests/browser/test_conversation.py",
    "tests/browser/test_delegation.py",
    "tests/browser/test_memory.py",
    "tests/browser/test_minicpm_call.py",
    "tests/ui/call/test_call.py",
    "tests/ui/call/test_resuming.py",
    "tests/stream/session/test_delegation_stage.py",
    "tests/ui/test_hostile_chat_server.py",
    "tests/examples/test_live.py",
)
ALONE = "alone"


def in_real_time(nodeid: str) -> bool:
    return nodeid.partition("::")[0] in IN_REAL_TIME


class AloneLast(LoadScopeScheduling):
    """Gives files to free processes in order, and those IN_REAL_TIME to one process after all others are done."""

    def _split_scope(self, nodeid: str) -> str:
        return ALONE if in_real_time(nodeid) else nodeid.partition("::")[0]

    def _reschedule(self, node: WorkerController) -> None:
        if list(self.workqueue) == [ALONE]:
            staying = next((each for each in self.nodes if not each.shutting_down), node)
            if node is not staying and not node.shutting_down:
                node.shutdown()  # a process holds a test back until it knows the next one; this makes it run
            node = staying
        super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        others = (work for other, work in self.assigned_work.items() if other is not node)
        if next(iter(self.workqueue)) != ALONE or not any(self._pending_of(work) for work in others):
            super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> AloneLast:
    config.option.loadscopereorder = False  # files of a folder share what their fixtures have opened
    return AloneLast(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: in_real_time(item.nodeid))
