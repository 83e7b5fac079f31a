"""Questions in free wording about one thing, with a reference to the scene."""

from __future__ import annotations

import pytest

from dialogue.rules.absent_things import asked_thing


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Did I forget my umbrella here?", ("umbrella",)),
        ("Whereabouts in the picture is that bicycle of mine?", ("bicycle",)),
        ("Has somebody left a suitcase", None),  # two things, no place
        ("Are any bananas lying around?", ("banana",)),
        ("Does a cat hide behind the sofa?", ("cat",)),
        ("What is the cat doing on the sofa?", ("cat",)),
        ("Is a vase standing on this table?", ("vase",)),
        ("Can you make out the clock?", ("clock",)),
        ("Is there a dog in The Wizard of Oz?", None),
        ("Are there dogs in Antarctica?", None),
        ("Would a horse fit in this room?", None),
        ("Is a dog like the one in the picture expensive?", None),
        ("Do you see a cat or a dog?", None),
        ("Is the dog in both pictures?", None),
        ("There is a cup here.", None),
        ("Is the window open here?", None),  # not a thing that the detector knows
        ("", None),
    ],
)
def test_one_thing_of_the_scene_is_recognised(text: str, labels: tuple[str, ...] | None) -> None:
    found = asked_thing(text)
    assert (found.things[0].labels if found else None) == labels
