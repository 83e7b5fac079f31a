"""The names that the module `omnilive` exports."""

from __future__ import annotations

from typing import get_args

import omnilive
from stream.runtime.events import Expressed


def test_every_event_of_a_call_is_exported() -> None:
    assert {event.__name__ for event in get_args(omnilive.CallEvent)} <= {*omnilive.__all__}
    assert {*get_args(Expressed)} < {*get_args(omnilive.CallEvent)}


def test_every_exported_name_exists_and_every_error_is_among_them() -> None:
    assert all(hasattr(omnilive, name) for name in omnilive.__all__)
    assert {"AssistantError", "BadInput", "Busy", "EngineLost", "WeightsError"} <= {*omnilive.__all__}
    assert omnilive.__version__
