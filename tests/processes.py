"""How the tests are shared out among processes: file by file, and those that go by the wall clock last, one by one.

Beside busy processes a call in real time would measure those. Knows pytest-xdist, and nothing of what is tested.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

IN_REAL_TIME = (
    "tests/browser/test_conversation.py",
    "tests/browser/test_minicpm_call.py",
    "tests/ui/call/test_call.py",
    "tests/examples/test_live.py",
)
ALONE = "alone"


def in_real_time(nodeid: str) -> bool:
    return nodeid.partition("::")[0] in IN_REAL_TIME


class AloneLast(LoadScopeScheduling):
    """Files go to whoever is free, in their order; those IN_REAL_TIME to one process once the others are done."""

    def _split_scope(self, nodeid: str) -> str:
        return ALONE if in_real_time(nodeid) else nodeid.partition("::")[0]

    def _reschedule(self, node: WorkerController) -> None:
        if list(self.workqueue) == [ALONE]:
            staying = next((each for each in self.nodes if not each.shutting_down), node)
            if node is not staying and not node.shutting_down:
                node.shutdown()  # which makes it run the test that it keeps until it knows the one behind it
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
