"""The phrase fits what was asked, and there is none where no phrase fits."""

from __future__ import annotations

import pytest

from dialogue.languages.language import CODES, ENGLISH
from dialogue.requests.acknowledgements import acknowledgement

FITTING = {
    "What colour is the cup?": "Let me look.",
    "How many people can you see?": "Let me look.",
    "What did I say about my keys earlier?": "Let me think back.",
    "Why is the sky blue?": "Let me think.",
    "who wrote faust": "Let me think.",
    "Tell me a story about a fox.": "All right.",
    "Could you please read that aloud?": "All right.",
    "I had a long day.": "",
    "": "",
}


@pytest.mark.parametrize("asked", FITTING)
def test_the_phrase_fits(asked: str) -> None:
    assert acknowledgement(asked, ENGLISH) == FITTING[asked]


def test_every_language_has_one() -> None:
    assert all(acknowledgement("...?", code) for code in CODES)
    assert acknowledgement("Estoy cansado.", "es") == ""
