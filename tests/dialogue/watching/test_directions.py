"""Where things are by the clock, where that is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialogue.watching.directions import directions
from tests.dialogue.watching.scenes import scene

ROOM = scene(0, "person right", "cup left", "dog", text="EXIT")
_PERSON, _CUP, *_REST = ROOM.facts
NEAR = replace(ROOM, facts=(replace(_PERSON, distance="near"), replace(_CUP, distance="far"), *_REST))


@pytest.mark.parametrize(
    "text",
    [
        "Describe what is around me with clock directions.",
        "Could you describe the room, using clock positions and rough distances?",
        "Tell me where everything is on the clock.",
        "Where are things by the clock face?",
    ],
)
def test_everything_by_the_clock(text: str) -> None:
    assert directions(text, NEAR) == (
        "A cup is at eleven o'clock, far away; a person is at one o'clock, close to you; "
        "a dog is at twelve o'clock, a few steps away; “EXIT” is written at twelve o'clock."
    )


@pytest.mark.parametrize("text", ["Where is the cup in clock directions?", "At what o'clock is the cup?"])
def test_one_thing_by_the_clock(text: str) -> None:
    assert directions(text, ROOM) == "A cup is at eleven o'clock, a few steps away."


def test_what_is_not_there() -> None:
    assert directions("Where is the cat on the clock?", ROOM) == "I don't see a cat right now."
    assert directions("Describe the room by the clock.", scene(0)) == "I don't see anything I recognise."
    assert "no picture" in (directions("Describe the room by the clock.", scene(0, camera=False)) or "")
    assert "too dark" in (directions("Describe the room by the clock.", scene(0, light="dark")) or "")


@pytest.mark.parametrize(
    "text", ["Describe the room.", "Where is the clock?", "What time is it?", "Tell me about the clock tower.", ""]
)
def test_other_questions(text: str) -> None:
    assert directions(text, ROOM) is None
