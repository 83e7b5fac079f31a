"""The clips of benchmarks/watching.py: rules, what makes them come true, and what must not.

Times, places, photos and rooms are drawn from `chance`; what a clip is about is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from benchmarks.event_clips.clip import Board, EventClip, MovingPhoto

Script = Callable[[Random], EventClip]
_WORDS = ("EXIT", "OPEN", "GATE 12", "SALE", "STOP", "LIBRARY")


def clips(seed: int, rounds: int) -> Iterator[EventClip]:
    """Every script `rounds` times, each time with other times, places and photos."""
    chance = Random(seed)
    for _ in range(rounds):
        for script in SCRIPTS:
            yield script(chance)


def _at(chance: Random) -> float:
    return round(chance.uniform(4.0, 6.0), 2)


def _side(chance: Random) -> float:
    return chance.choice((0.22, 0.25, 0.75, 0.78))


def _someone_comes(chance: Random) -> EventClip:
    at, number = _at(chance), chance.randrange(3)
    rule = chance.choice(("Tell me when someone comes in.", "Let me know as soon as somebody enters the room."))
    return EventClip(
        rule, 10.0, (at,), (MovingPhoto("person", _side(chance), at, number=number),), wall=chance.randrange(3)
    )


def _someone_else_comes(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("person", 0.25, number=0), MovingPhoto("person", 0.78, at, number=1))
    return EventClip("Warn me if another person comes in.", 10.0, (at,), things)


def _the_cat_is_no_person(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("cat", 0.25, at), MovingPhoto("motorcycle", 0.75, at + 2))
    return EventClip("Tell me when someone comes in.", 10.0, (), things, wall=chance.randrange(3))


def _every_cat(chance: Random) -> EventClip:
    first = _at(chance)
    second = first + 9.0
    things = (MovingPhoto("cat", 0.25, first, first + 3.0), MovingPhoto("cat", 0.75, second, second + 3.0))
    return EventClip("Tell me every time a cat passes.", 19.0, (first, second), things)


def _cup_is_taken(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("cup", _side(chance), goes=at, slides=chance.random() < 0.5, height=300),)
    return EventClip("Warn me if the cup is gone.", 11.0, (at,), things, wall=chance.randrange(3))


def _cup_stays_in_the_dark(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("cup", 0.3, height=300),)
    return EventClip("Let me know when the cup is gone.", 13.0, (), things, dark=(at, at + 3.0))


def _someone_leaves(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("person", _side(chance), goes=at, number=chance.randrange(3)),)
    return EventClip("Tell me when nobody is here any more.", 11.0, (at,), things, wall=chance.randrange(3))


def _light_goes_off(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("person", 0.3),)
    return EventClip("Let me know when the light goes off.", 9.0, (at,), things, dark=(at, 99.0))


def _light_comes_on(chance: Random) -> EventClip:
    at = _at(chance)
    return EventClip("Tell me when the light comes on.", 9.0, (at,), (MovingPhoto("cat", 0.3),), dark=(-1.0, at))


def _light_only_dims(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("person", 0.3, number=chance.randrange(3)),)
    return EventClip("Warn me when it gets dark.", 10.0, (), things, light=lambda t: 0.6 if at < t < at + 3 else 1.0)


def _word_appears(chance: Random) -> EventClip:
    at, word = _at(chance), chance.choice(_WORDS)
    return EventClip(f"When you see the word {word}, tell me.", 10.0, (at,), boards=(Board(word, at),))


def _another_word_appears(chance: Random) -> EventClip:
    at = _at(chance)
    word, other = chance.sample(_WORDS, 2)
    return EventClip(f"Tell me when you read {word}.", 10.0, (), boards=(Board(other, at),))


def _a_hand_that_shakes(chance: Random) -> EventClip:
    things = (MovingPhoto("person", 0.28, number=chance.randrange(3)), MovingPhoto("cup", 0.75, height=300))
    rule = chance.choice(("Tell me when someone comes in.", "Warn me if the cup is gone."))
    return EventClip(rule, 11.0, (), things, shakes=True, wall=chance.randrange(3))


def _two_people(chance: Random) -> EventClip:
    at = _at(chance)
    things = (MovingPhoto("person", 0.75, number=2), MovingPhoto("person", 0.25, at, number=0))
    return EventClip("Let me know when there are two people.", 10.0, (at,), things)


def _motorcycle(chance: Random) -> EventClip:
    at = _at(chance)
    things = (
        MovingPhoto("motorcycle", _side(chance), at),
        MovingPhoto("person", 0.5, at + 3.0, number=1, slides=False),
    )
    return EventClip("Tell me when a motorcycle arrives.", 11.0, (at,), things)


SCRIPTS: tuple[Script, ...] = (
    _someone_comes,
    _someone_else_comes,
    _the_cat_is_no_person,
    _every_cat,
    _cup_is_taken,
    _cup_stays_in_the_dark,
    _someone_leaves,
    _light_goes_off,
    _light_comes_on,
    _light_only_dims,
    _word_appears,
    _another_word_appears,
    _a_hand_that_shakes,
    _two_people,
    _motorcycle,
)
