"""Keeps what one session watches for, and whether it describes what it sees. `stream/session/watch_stage.py` says it.

Replies write (`dialogue.watching.watch_talk.Watches`), and so does the page. Each change that takes effect is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dialogue.watching.condition import Condition, WatchRule
from stream.replies.drafted import Drafted
from stream.runtime.link import Link
from stream.runtime.watching import WatchingChanged, WatchShown


@dataclass(frozen=True, slots=True)
class _Kept:
    rules: tuple[WatchRule, ...] = ()
    narrating: bool = False


class WatchBook:
    """`possible`: the session's models report what is in view. `on_changed` is called after each change."""

    def __init__(self, link: Link, *, possible: bool, on_changed: Callable[[], None]) -> None:
        self._link, self.possible, self._on_changed = link, possible, on_changed
        self._kept = Drafted(_Kept(), self._show)
        self._number = 0

    @property
    def rules(self) -> tuple[WatchRule, ...]:
        """Those of a reply that is being made are among them."""
        return self._kept.value.rules

    @property
    def narrating(self) -> bool:
        return self._kept.value.narrating

    def add(self, condition: Condition, every_time: bool) -> WatchRule:
        self._number += 1
        rule = WatchRule(self._number, condition, every_time)
        self._kept.write(replace(self._kept.value, rules=(*self.rules, rule)))
        return rule

    def remove(self, numbers: Sequence[int]) -> None:
        self._kept.write(_without(self._kept.value, numbers))

    def narrate(self, on: bool) -> None:
        self._kept.write(replace(self._kept.value, narrating=on))

    def draft(self) -> None:
        self._kept.draft()

    def settle(self, heard: bool) -> None:
        self._kept.settle(heard)

    def holds(self, rule: WatchRule) -> bool:
        """Whether it is accepted and not removed."""
        return rule in self._kept.accepted.rules

    @property
    def narrates(self) -> bool:
        """Whether it is accepted that what is seen is described."""
        return self._kept.accepted.narrating

    def done(self, rule: WatchRule) -> None:
        """The user has heard that it came true."""
        if not rule.every_time:
            self.delete(rule.number)

    def delete(self, number: int) -> None:
        """Removes a rule at once, whatever a reply makes of it."""
        self._kept.change(lambda kept: _without(kept, [number]))

    def switch(self, narrating: bool) -> None:
        """Switches descriptions on or off at once."""
        self._kept.change(lambda kept: replace(kept, narrating=narrating))

    def _show(self) -> None:
        kept = self._kept.accepted
        shown = tuple(WatchShown(rule.number, rule.name) for rule in kept.rules)
        self._link.emit(WatchingChanged(shown, kept.narrating))
        self._on_changed()


def _without(kept: _Kept, numbers: Sequence[int]) -> _Kept:
    return replace(kept, rules=tuple(rule for rule in kept.rules if rule.number not in numbers))
