"""The context of an engine sets how often it sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialogue.engine import ContextUse
from stream.perception.picture_budget import picture_budget
from tests.stream.toy_parts import ToyEngine
from vision.frames.picture_choice import PictureChoiceSettings


class Seeing(ToyEngine):
    def __init__(self, limit: int) -> None:
        super().__init__([])
        self.can = replace(self.can, sees=True)
        self._limit = limit

    def context(self) -> ContextUse:
        return ContextUse({}, self._limit)


@pytest.mark.parametrize("limit", [500, 2000, 4096, 32_000])
def test_pictures_leave_room_and_one_is_always_in_the_context(limit: int) -> None:
    budget = picture_budget(Seeing(limit))
    assert budget.per_min * 64 <= max(limit / 2, 8 * 64)
    assert budget.still_every_s <= max(limit / 64, 1)
    assert budget.per_min >= 60 / budget.still_every_s, "the budget pays for them"


def test_an_engine_that_does_not_see_sets_nothing() -> None:
    assert picture_budget(ToyEngine([])) == PictureChoiceSettings()
