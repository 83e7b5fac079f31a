"""What is watched for, kept without a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.watching.condition import Condition, WatchRule


@dataclass
class Kept:
    """Rules without a session."""

    possible: bool = True
    rules: tuple[WatchRule, ...] = ()
    narrating: bool = False

    def add(self, condition: Condition, every_time: bool) -> WatchRule:
        rule = WatchRule(len(self.rules) + 1, condition, every_time)
        self.rules += (rule,)
        return rule

    def remove(self, numbers: Sequence[int]) -> None:
        self.rules = tuple(rule for rule in self.rules if rule.number not in numbers)

    def narrate(self, on: bool) -> None:
        self.narrating = on
