"""Does what the user asks about watching and describing, and answers. By rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dialogue.blocks import SceneBlock
from dialogue.text.grammar import counted, listed, sentence, with_article
from dialogue.text.labels import labels_in
from dialogue.text.plain_words import plain
from dialogue.watching.condition import Condition, WatchRule, thing_name, waited_for
from dialogue.watching.condition_words import Unwatchable, condition_in
from dialogue.watching.directions import directions
from dialogue.watching.narration_requests import NarrationRequest, narration_request
from dialogue.watching.watch_requests import WatchRequest, watch_request
from dialogue.watching.watcher import is_true

MOST_RULES = 16

UNABLE = "With this model I look only when you ask me something, so I can't watch by myself."
CANNOT = "I can't watch for that."
WATCHABLE = "I can watch for people, animals and everyday things, for words that I can read, and for the light."
_OFF = "The camera is off, so I start once it is on."


class Watches(Protocol):
    """What a session watches for, and whether it describes what it sees. A change that a reply makes takes effect once
    part of the reply is heard."""

    @property
    def possible(self) -> bool:
        """Whether the session's models tell it what is in view."""
        ...

    @property
    def rules(self) -> tuple[WatchRule, ...]:
        """Oldest first."""
        ...

    @property
    def narrating(self) -> bool: ...

    def add(self, condition: Condition, every_time: bool) -> WatchRule: ...
    def remove(self, numbers: Sequence[int]) -> None: ...
    def narrate(self, on: bool) -> None: ...


def watch_answer(text: str, watches: Watches, scene: SceneBlock) -> str | None:
    """Does what is asked in `text` and returns what is said; None if it is about something else."""
    if watches.possible and (placed := directions(text, scene)) is not None:
        return placed
    if (narration := narration_request(text, narrating=watches.narrating)) is not None:
        return _narrate(narration, watches, scene)
    request = watch_request(text, watching=bool(watches.rules))
    if request is None:
        return None
    match request.kind:
        case "add":
            return _add(request, watches, scene)
        case "stop":
            return _stop(request, watches)
        case "list":
            return _list(watches.rules)


def _narrate(request: NarrationRequest, watches: Watches, scene: SceneBlock) -> str:
    if not watches.possible:
        return UNABLE
    if request == "off":
        was_on = watches.narrating
        watches.narrate(False)
        return "All right, I stop describing." if was_on else "I'm not describing anything at the moment."
    watches.narrate(True)
    return "All right, I describe what I see. Say stop when it is enough." if scene.camera else f"All right. {_OFF}"


def _add(request: WatchRequest, watches: Watches, scene: SceneBlock) -> str:
    condition = request.condition
    if not watches.possible:
        return UNABLE
    if isinstance(condition, Unwatchable):
        return f"{condition.why or CANNOT} {WATCHABLE}"
    assert condition is not None
    if any(rule.condition == condition and rule.every_time == request.every_time for rule in watches.rules):
        return "I'm watching for that already."
    if len(watches.rules) >= MOST_RULES:
        return f"I'm watching for {counted(MOST_RULES, 'thing')} already. Tell me first what I can stop watching for."
    if is_true(condition, scene) and (known := _already(condition, request.every_time)) is not None:
        return known
    rule = watches.add(condition, request.every_time)
    promise = sentence(f"all right, I'll tell you {rule.name}")
    return f"{promise} {_remark(condition, scene)}".strip()


def _already(condition: Condition, every_time: bool) -> str | None:
    """What is said where there is nothing to wait for."""
    if every_time or condition.kind in ("appears", "leaves", "approaches", "text changes", "anything"):
        return None
    now = {"dark": "it is dark already", "light": "the light is on already"}.get(condition.kind)
    return sentence(now or f"{_as_now(condition)} already")


def _as_now(condition: Condition) -> str:
    words = waited_for(condition)
    return words.replace(" any more", "").replace("a text appears", "I can read a text")


def _remark(condition: Condition, scene: SceneBlock) -> str:
    if not scene.camera:
        return _OFF
    if not condition.labels or not is_true(condition, scene):
        return ""
    name = thing_name(condition)
    if condition.kind == "appears":
        return sentence(f"I see {with_article(name)} already, so I wait for another one")
    if condition.kind == "leaves":
        return sentence(f"I don't see {with_article(name)} yet")
    return ""


def _stop(request: WatchRequest, watches: Watches) -> str:
    rules = watches.rules
    if not rules:
        return "I'm not watching for anything."
    meant = _meant(request, rules)
    if not meant:
        return f"I have no such rule. {_list(rules)}"
    watches.remove([rule.number for rule in meant])
    if len(meant) == len(rules):
        return "All right, I stop watching."
    return sentence(f"all right, I no longer tell you {listed([rule.name for rule in meant])}")


def _meant(request: WatchRequest, rules: tuple[WatchRule, ...]) -> list[WatchRule]:
    if request.nth is not None:
        return list(rules[request.nth :][:1])
    if not request.which:
        return list(rules)
    condition = condition_in(request.which)
    if found := [rule for rule in rules if rule.condition == condition]:
        return found
    labels = labels_in(request.which)
    if found := [rule for rule in rules if labels & set(rule.condition.labels)]:
        return found
    named = request.which.split()
    return [rule for rule in rules if set(named[-1:]) <= set(plain(rule.name).split())]


def _list(rules: tuple[WatchRule, ...]) -> str:
    if not rules:
        return "I'm not watching for anything."
    return sentence(f"I'm going to tell you {listed([rule.name for rule in rules])}")
