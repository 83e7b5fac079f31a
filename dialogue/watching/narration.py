"""Chooses what to say of what is seen, while it happens. Pure: the times are those of the scenes and of speech.

What was said and what is in view are compared: what differs is news. So what comes and goes before it is said is never
said, and nothing is repeated. The most important news comes first; little is said at once, with pauses between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialogue.blocks import Fact, SceneBlock
from dialogue.text.grammar import number_word, piece, plural, sentence
from dialogue.text.labels import ANIMATE, spoken
from dialogue.text.scene_description import scene_description
from dialogue.text.scene_phrases import quoted, thing, where
from dialogue.watching.steady import Steady
from dialogue.watching.watcher import Moving, is_dark, texts

Key = tuple[str, str]  # what a state is about: ("thing", "cup"), ("text", "EXIT"), ("dark", "")

PAUSE_S, URGENT_PAUSE_S = 2.5, 0.8  # between the end of one saying and the next
REPEAT_S = 8.0  # before something is said again of the same thing: detection may flicker
STALE_S = 6.0  # news that could not be said for this long is old; a person in view stays news
CLOSER_STALE_S = 2.0  # the same for something that comes closer
CAMERA_LOST_S = 2.0  # without a picture before it is said: a network may lose pictures for a moment
MOST_AT_ONCE = 2
MOST_QUOTED_WORDS = 12

_APPROACHING = ANIMATE | {"bicycle", "car", "motorcycle", "bus", "train", "truck", "skateboard"}
# The smaller, the more important.
CAMERA, NEAR, PEOPLE, LIGHT, TEXT, THINGS, GONE = range(7)
_LASTING = (CAMERA, PEOPLE, LIGHT)  # true for as long as it is seen, and so never too old
_CAMERA: Key = ("camera", "")
_OF_THINGS = ("thing", "text")


@dataclass(frozen=True, slots=True)
class News:
    """What differs from what was said. `value` is the state of `key` now, and `since` when that began."""

    key: Key
    value: int
    weight: int
    since: float
    words: str


class Narration:
    """The descriptions of one session, from when they are switched on, while `scene` is in view."""

    def __init__(self, scene: SceneBlock) -> None:
        self._now: dict[Key, Steady[int]] = {}
        self._said: dict[Key, int] = {}
        self._said_at: dict[Key, float] = {}
        self._spoke_until = float("-inf")
        self._scene, self._camera_since = scene, scene.at
        self._begun = False
        self._closer: dict[str, Moving] = {}  # by its label, what has come closer and was not reported
        for key, value in _states(scene).items():
            self._now[key] = Steady()
            self._now[key].value = value

    def see(self, scene: SceneBlock) -> None:
        """Takes the next scene."""
        if scene.camera != self._scene.camera:
            self._camera_since = scene.at
        self._scene = scene
        states = _states(scene)
        if scene.camera and not is_dark(scene):
            states |= {key: 0 for key in self._now if key not in states and key[0] in _OF_THINGS}
        for key, value in states.items():
            self._now.setdefault(key, Steady()).see(value, scene.at)

    def happened(self, event: Moving) -> None:
        """Takes a movement: somebody or something comes closer."""
        if event.kind == "approached" and event.label in _APPROACHING:
            self._closer[event.label] = event

    def news(self, at: float) -> tuple[News, ...]:
        """What to say now, the most important first; nothing while it is too early to speak again."""
        if not self._begun:
            return self._beginning()
        due = [each for each in self._differences(at) if at >= self._due_at(each)]
        return tuple(sorted(due, key=lambda each: (each.weight, each.since))[:MOST_AT_ONCE])

    def said(self, news: tuple[News, ...], at: float) -> None:
        """Takes what was said, which ended at `at`."""
        self._spoke_until, self._begun = at, True
        for each in news:
            self._said[each.key], self._said_at[each.key] = each.value, at
            self._closer.pop(each.key[1], None)

    def wait_s(self, at: float) -> float | None:
        """Seconds until there is something to say although nothing new is seen; None where there will be nothing."""
        waiting = [self._due_at(each) - at for each in self._differences(at)] if self._begun else []
        return max(0.0, min(waiting)) if waiting else None

    def _beginning(self) -> tuple[News, ...]:
        """The first saying describes everything in view."""
        known = [(key, state.value) for key, state in self._now.items() if state.value is not None]
        if not self._scene.camera or not known:
            return ()
        whole = News(("everything", ""), 1, PEOPLE, self._scene.at, scene_description(_present(self._scene)))
        return whole, *(News(key, value, GONE, self._scene.at, "") for key, value in known)

    def _differences(self, at: float) -> list[News]:
        """News that may be said; what is not worth words, or too old for them, counts as said."""
        found = [*self._camera(), *self._coming_closer(at)]
        for key, state in self._now.items():
            said = self._said.get(key, 0)
            if state.value is None or state.value == said or state.doubted:
                continue
            words, weight = _words(key, said, state.value, self._scene)
            lasting = weight in _LASTING and state.value > 0
            if words and (lasting or at - state.since <= STALE_S):
                found.append(News(key, state.value, weight, state.since, words))
            else:
                self._said[key] = state.value
        return found

    def _camera(self) -> Iterator[News]:
        on = int(self._scene.camera)
        if self._said.get(_CAMERA, 1) != on:
            words = "the camera is on again" if on else "I see nothing any more"
            yield News(_CAMERA, on, CAMERA, self._camera_since, words)

    def _coming_closer(self, at: float) -> Iterator[News]:
        """A thing that has just come is not said to come closer as well."""
        for label, event in list(self._closer.items()):
            state = self._now.get(("thing", label))
            known = state is not None and state.value is not None and self._said.get(("thing", label)) == state.value
            if not known or at - event.at > CLOSER_STALE_S:
                del self._closer[label]
                continue
            others = sum(fact.count for fact in self._scene.facts if fact.label == label) - 1
            name = f"one of the {plural(spoken(label))}" if others > 0 else f"the {spoken(label)}"
            side = f" {where(event.place)}" if event.place else ""
            yield News(("near", label), 1, NEAR, event.at, f"{name} is coming closer{side}")

    def _due_at(self, news: News) -> float:
        if news.key == _CAMERA:
            return max(self._spoke_until + URGENT_PAUSE_S, news.since + (0.0 if news.value else CAMERA_LOST_S))
        pause_s = URGENT_PAUSE_S if news.weight <= PEOPLE else PAUSE_S
        return max(self._spoke_until + pause_s, self._said_at.get(news.key, float("-inf")) + REPEAT_S)


def saying(news: tuple[News, ...]) -> str:
    """The sentence that is spoken: "A person on the left, and the cup is gone."."""
    return sentence(", and ".join(each.words for each in news if each.words))


def _states(scene: SceneBlock) -> dict[Key, int]:
    """What is in view: the number of each kind, each text, the light. A covered lens and a camera
    that is off show nothing, and so change nothing else."""
    if not scene.camera:
        return {}
    states: dict[Key, int] = {("dark", ""): int(is_dark(scene))}
    if is_dark(scene):
        return states
    for fact in scene.facts:
        if fact.kind == "object":
            states["thing", fact.label] = states.get(("thing", fact.label), 0) + fact.count
    return states | {("text", fact.text): 1 for fact in texts(scene)}


def _words(key: Key, said: int, now: int, scene: SceneBlock) -> tuple[str, int]:
    """The phrase for a difference, and its weight; no words where it is not worth any."""
    kind, name = key
    match kind:
        case "dark":
            return ("it got dark" if now else "there is light again", LIGHT)
        case "thing":
            return _counted(name, said, now, scene)
        case _:
            return (f"I read {quoted(_short(name))}" if now else "", TEXT)


def _counted(label: str, said: int, now: int, scene: SceneBlock) -> tuple[str, int]:
    name, verbs = piece(spoken(label)), ("left", "left") if label in ANIMATE else ("is gone", "are gone")
    weight = PEOPLE if label == "person" else THINGS if now > said else GONE
    if now > said:
        facts = [fact for fact in scene.facts if fact.kind == "object" and fact.label == label]
        if said == 0:
            return thing(facts) if facts else "", weight
        more = f"another {name}" if now == said + 1 else f"{number_word(now - said)} more {plural(name)}"
        return f"{more}{_spot(label, scene)}", weight
    if now == 0:
        return (f"the {name} {verbs[0]}" if said == 1 else f"the {plural(name)} {verbs[1]}"), weight
    return f"one of the {plural(name)} {verbs[0]}", weight


def _spot(label: str, scene: SceneBlock) -> str:
    """Where the newest thing of a kind is: " on the left"."""
    facts = [fact for fact in scene.facts if fact.kind == "object" and fact.label == label]
    newest: Fact | None = max(facts, key=lambda fact: fact.since, default=None)
    return f" {where(newest.place)}" if newest is not None and newest.place else ""


def _present(scene: SceneBlock) -> list[Fact]:
    there = {id(fact) for fact in texts(scene)}
    return [fact for fact in scene.facts if fact.kind != "text" or id(fact) in there]


def _short(text: str) -> str:
    words = text.split()
    return " ".join(words[:MOST_QUOTED_WORDS]) + (" …" if len(words) > MOST_QUOTED_WORDS else "")
