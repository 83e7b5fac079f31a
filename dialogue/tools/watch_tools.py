"""Tools for rules of watching, which the session's book keeps (`dialogue.watching.watch_talk.Watches`).

The user's usual wordings are understood without a model; a model reduces other ones to a plain clause, which is checked
against what can be watched for.
"""

from __future__ import annotations

from typing import Annotated

from dialogue.errors import BadInput
from dialogue.text.plain_words import plain
from dialogue.tools.tool import Tool
from dialogue.watching.condition import Condition
from dialogue.watching.condition_words import condition_in
from dialogue.watching.watch_talk import MOST_RULES, WATCHABLE, Watches


class WatchTools:
    """Those of one session."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches

    def all(self) -> list[Tool]:
        return [Tool.of(self.watch_for), Tool.of(self.stop_watching)]

    def watch_for(
        self,
        event: Annotated[str, "a clause such as: a person comes in; the cup is gone; you read EXIT; it gets dark"],
        every_time: bool = False,
    ) -> str:
        """Watch the camera and speak up when something happens, when the user asks to be informed of it."""
        condition = condition_in(plain(event), event)
        if not isinstance(condition, Condition):
            raise BadInput(f"this cannot be watched for. {WATCHABLE}")
        if len(self._watches.rules) >= MOST_RULES:
            raise BadInput(f"there are {MOST_RULES} rules already; stop one first")
        rule = self._watches.add(condition, every_time)
        return f"rule {rule.number} is set: the user is informed {rule.name}"

    def stop_watching(self, number: Annotated[int, "of the rule; 0 for all"] = 0) -> str:
        """Stop watching for something."""
        numbers = [rule.number for rule in self._watches.rules if number in (0, rule.number)]
        if not numbers:
            known = [rule.number for rule in self._watches.rules]
            raise BadInput(f"there is no rule {number}; there are {known}" if known else "there are no rules")
        self._watches.remove(numbers)
        return f"stopped: {numbers}"
