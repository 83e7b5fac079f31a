"""Says when one rule comes true, from scene to scene. Pure: the times are those of the scenes.

What is waited for is a level that rises or falls, such as the number of things that fit, or a movement. A covered lens
and a camera that is off show nothing: what was there before stays as it was until it is seen again.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from dialogue.blocks import Fact, Place, SceneBlock
from dialogue.text.plain_words import plain
from dialogue.text.unspaced import is_unspaced
from dialogue.watching.condition import Condition, WatchRule, came_true
from dialogue.watching.steady import Steady

COOL_DOWN_S = 5.0  # between two times that a rule comes true
RETURNS_S = 1.0  # what comes back this soon after it was lost was not gone
SETTLING_S = 2.0  # after the lens was covered or the camera off: detection needs some looks again
_LONG_ENOUGH = 4  # letters from which a word is recognised although OCR lost a space


class Moving(Protocol):
    """A movement in view at session time `at`: `kind` is "approached" or another one, `label` the thing's kind."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def place(self) -> Place: ...


@dataclass(frozen=True, slots=True)
class CameTrue:
    """A rule came true at session time `at`. `place` is where the thing is now, `text` what can be read there."""

    rule: WatchRule
    at: float
    place: Place = ""
    text: str = ""

    @property
    def said(self) -> str:
        """The English sentence without its full stop."""
        return came_true(self.rule.condition, self.place, self.text)


class Watcher:
    """One rule. `scene` is the one in view when the rule was made: what it shows has not just come."""

    def __init__(self, rule: WatchRule, scene: SceneBlock) -> None:
        self.rule = rule
        self._level = Steady[Hashable]()
        self._fell: tuple[int, float] | None = None  # from which number, and when
        self._unknown_until = 0.0
        self._came_true_at = float("-inf")
        if _is_seen(rule.condition, scene):
            self._level.value = level(rule.condition, scene)

    def see(self, scene: SceneBlock) -> CameTrue | None:
        """Takes the next scene."""
        condition = self.rule.condition
        if not _is_seen(condition, scene):
            self._level.forget_new()
            self._unknown_until = scene.at + SETTLING_S
            return None
        now, before = level(condition, scene), self._level.value
        if _fewer(now, before) and scene.at < self._unknown_until:
            return None  # not detected again yet
        if not self._level.see(now, scene.at) or before is None or not self._counts(before, now, scene.at):
            return None
        place, text = _details(condition, scene)
        return self._came_true(self._level.since, scene.at, place, text)

    def happened(self, event: Moving) -> CameTrue | None:
        """Takes a movement."""
        condition = self.rule.condition
        if condition.kind != "approaches" or event.kind != "approached" or event.label not in condition.labels:
            return None
        if condition.colour not in ("", event.colour):
            return None
        return self._came_true(event.at, event.at, event.place)

    def _came_true(self, since: float, at: float, place: Place, text: str = "") -> CameTrue | None:
        if at - self._came_true_at < COOL_DOWN_S:
            return None
        self._came_true_at = at
        return CameTrue(self.rule, since, place, text)

    def _counts(self, before: Hashable, now: Hashable, at: float) -> bool:
        """Whether a change of the level is the one that is waited for."""
        kind = self.rule.condition.kind
        if not (isinstance(before, int) and isinstance(now, int)):
            return bool(before) or kind == "anything"
        fell, self._fell = self._fell, (before, at) if now < before else None
        if kind in ("leaves", "text gone"):
            return now < before
        if kind == "none left":
            return now == 0
        returned = fell is not None and at - fell[1] < RETURNS_S and now <= fell[0]
        return now > before and not returned


def is_true(condition: Condition, scene: SceneBlock) -> bool:
    """Whether it holds in this scene already; False where nothing is seen."""
    if not _is_seen(condition, scene):
        return False
    now = level(condition, scene)
    if condition.kind in ("leaves", "text gone", "none left"):
        return now == 0
    return isinstance(now, int) and now > 0


def level(condition: Condition, scene: SceneBlock) -> Hashable:
    """The number, or the content, whose change is waited for."""
    match condition.kind:
        case "text" | "text gone":
            return int(bool(matching_text(condition.text, scene)))
        case "text changes":
            return " ".join(sorted(plain(fact.text) for fact in texts(scene)))
        case "dark":
            return int(is_dark(scene))
        case "light":
            return int(not is_dark(scene))
        case "anything":
            counted = frozenset((fact.label, fact.count) for fact in scene.facts if fact.kind == "object")
            return counted, frozenset(plain(fact.text) for fact in texts(scene))
        case "count":
            return int(sum(fact.count for fact in matching(condition, scene)) >= condition.number)
        case _:
            return sum(fact.count for fact in matching(condition, scene))


def matching(condition: Condition, scene: SceneBlock) -> list[Fact]:
    """The things in view that the condition is about."""
    return [
        fact
        for fact in scene.facts
        if fact.kind == "object"
        and fact.label in condition.labels
        and condition.colour in ("", fact.colour)
        and condition.place in ("", fact.place)
        and (condition.kind != "approaches" or fact.distance == "near")
    ]


def texts(scene: SceneBlock) -> list[Fact]:
    """What can be read now; the scene also holds what could be read before."""
    newest = max((fact.at for fact in scene.facts), default=0.0)
    return [fact for fact in scene.facts if fact.kind == "text" and fact.at == newest]


def matching_text(words: str, scene: SceneBlock) -> str:
    """The first text in view that has `words`, or any text where there are none; empty if there is no such text."""
    wanted = plain(words)
    for fact in texts(scene):
        read = plain(fact.text)
        joined = wanted.replace(" ", "")
        if f" {wanted} " in f" {read} " or not wanted:
            return fact.text
        unspaced = len(joined) >= _LONG_ENOUGH or is_unspaced(joined)
        if unspaced and joined in read.replace(" ", ""):
            return fact.text
    return ""


def is_dark(scene: SceneBlock) -> bool:
    return any(fact.kind == "light" and fact.label == "dark" for fact in scene.facts)


def _is_seen(condition: Condition, scene: SceneBlock) -> bool:
    """Whether this scene says anything about the condition."""
    return scene.camera and (condition.kind in ("dark", "light") or not is_dark(scene))


def _fewer(now: Hashable, before: Hashable) -> bool:
    return isinstance(now, int) and isinstance(before, int) and now < before


def _details(condition: Condition, scene: SceneBlock) -> tuple[Place, str]:
    """Where the newest thing that fits is, and the text that fits."""
    newest = max(matching(condition, scene), key=lambda fact: fact.since, default=None)
    of_text = condition.kind in ("text", "text changes")
    return newest.place if newest is not None else "", matching_text(condition.text, scene) if of_text else ""
