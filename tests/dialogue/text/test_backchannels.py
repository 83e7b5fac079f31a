"""Backchannels are distinguished from short sentences that want the floor."""

import pytest

from dialogue.text.backchannels import is_backchannel


@pytest.mark.parametrize(
    "text",
    [
        "Mm-hm.",
        "Yeah.",
        "Yeah, yeah.",
        "Right.",
        "Okay.",
        "Uh-huh.",
        "I see.",
        "Oh, really?",
        "Of course.",
        "Haha!",
        "M-M-H.",  # hums, as ASR writes them
        "MME.",
        "Mmh.",
        "Amen.",
    ],
)
def test_a_listener_who_listens(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["", "...", "[laughs]", "(coughing)", "*sighs*"])
def test_sounds_without_words_want_nothing(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize(
    "text",
    [
        "Stop.",
        "No.",
        "Wait.",
        "Okay, stop.",
        "Yeah, but what about me?",
        "Right or left?",
        "What?",
        "Me?",
        "Ah, he came home.",
        "Yes yes yes yes yes",
    ],
)
def test_somebody_who_wants_the_floor(text: str) -> None:
    assert not is_backchannel(text)
