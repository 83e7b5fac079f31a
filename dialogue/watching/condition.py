"""What a rule waits for, as data, and the sentences about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialogue.blocks import Place
from dialogue.text.grammar import number_word, piece, plural, with_article
from dialogue.text.labels import ANIMATE
from dialogue.text.scene_phrases import quoted, where

ConditionKind = Literal[
    "appears", "leaves", "none left", "count", "approaches", "place", "text", "text gone", "text changes", "dark",
    "light", "anything",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """`labels` are the detector's labels of the thing, and `said` its name, singular; empty for text and light. "count"
    waits for `number` of them at least, "place" for one at `place`. `text` is the words that are waited for; empty for
    any text."""

    kind: ConditionKind
    labels: tuple[str, ...] = ()
    said: str = ""
    colour: str = ""
    place: Place = ""
    number: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class WatchRule:
    """One rule of a session. `every_time`: it stays after it has come true."""

    number: int
    condition: Condition
    every_time: bool = False

    @property
    def name(self) -> str:
        """ "every time a dog appears", "when it gets dark"."""
        return f"{'every time' if self.every_time else 'when'} {waited_for(self.condition)}"


def thing_name(condition: Condition) -> str:
    """The noun without an article: "red cup", "person in blue"."""
    noun = piece(condition.said)
    if not condition.colour:
        return noun
    return f"{noun} in {condition.colour}" if condition.labels == ("person",) else f"{condition.colour} {noun}"


def waited_for(condition: Condition) -> str:
    """What the rule waits for, in the present: "a person comes in", "the cup is gone"."""
    noun, animate = thing_name(condition) if condition.labels else "", _animate(condition)
    match condition.kind:
        case "appears":
            return f"{with_article(noun)} {'comes in' if animate else 'appears'}"
        case "leaves":
            return f"{with_article(noun)} leaves" if animate else f"the {noun} is gone"
        case "none left":
            return f"{'nobody is there' if noun == 'person' else f'there is no {noun}'} any more"
        case "count":
            return f"there are {number_word(condition.number)} {plural(noun)}"
        case "approaches":
            return f"{with_article(noun)} comes close"
        case "place":
            return f"{with_article(noun)} is {where(condition.place)}"
        case "text":
            return f"I read {quoted(condition.text)}" if condition.text else "a text appears"
        case "text gone":
            return f"the text {quoted(condition.text)} is gone" if condition.text else "the text is gone"
        case _:
            return _WITHOUT_WORDS[condition.kind]


def came_true(condition: Condition, place: Place = "", text: str = "") -> str:
    """What is said once it has come true, in the past, without a full stop. `place` is where the thing is now, `text`
    what can be read there, as quoted data."""
    name = thing_name(condition) if condition.labels else ""
    spot = f" {where(place)}" if place in ("left", "right") else ""
    match condition.kind:
        case "appears":
            return f"{with_article(name)} {'came in' if _animate(condition) else 'appeared'}{spot}"
        case "leaves":
            return f"{with_article(name)} left" if _animate(condition) else f"the {name} is gone"
        case "none left":
            return f"{'nobody is there' if name == 'person' else f'there is no {name}'} any more"
        case "count":
            return f"there are {number_word(condition.number)} {plural(name)} now"
        case "approaches":
            return f"{with_article(name)} came close{spot}"
        case "place":
            return f"{with_article(name)} is {where(condition.place)} now"
        case "text":
            return f"I read {quoted(text or condition.text)}"
        case "text gone":
            return f"the text {quoted(condition.text)} is gone" if condition.text else "the text is gone"
        case "text changes":
            return f"the text has changed: {quoted(text)}" if text else "the text has changed"
        case _:
            return _CAME_TRUE[condition.kind]


def _animate(condition: Condition) -> bool:
    return all(label in ANIMATE for label in condition.labels)


_WITHOUT_WORDS = {
    "text changes": "the text changes",
    "dark": "it gets dark",
    "light": "the light comes on",
    "anything": "something changes",
}
_CAME_TRUE = {"dark": "it got dark", "light": "the light is on", "anything": "something has changed"}
