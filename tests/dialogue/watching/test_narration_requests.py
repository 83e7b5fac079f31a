"""Requests to describe what is seen while it happens, and similar sentences."""

from __future__ import annotations

import pytest

from dialogue.watching.narration_requests import narration_request

ON = """
Describe what is around me.
Tell me what happens.
Please narrate what you see.
Start narration.
Could you describe what's around me, please?
Describe my surroundings continuously.
Tell me what you see from now on.
Keep me posted about what happens.
Be my eyes.
Keep telling me what you see.
Start describing what is around me.
Keep describing.
Tell me what is going on around me while I walk.
"""
OFF = """
Stop narrating.
Stop describing, please.
You can stop describing now.
Narration off.
Don't describe any more.
Stop telling me what you see.
"""
NEITHER = """
What's happening?
Tell me what's happening.
Describe my surroundings.
Describe what you see.
Tell me what happens when water boils.
Tell me what happened.
Describe the plot of Hamlet.
Keep telling me about the history of Rome.
Start describing the French Revolution.
Guide me through chess.
Keep me posted about the stock market.
Keep talking.
Stop.
"""


@pytest.mark.parametrize("text", ON.strip().splitlines())
def test_on(text: str) -> None:
    assert narration_request(text) == "on"


@pytest.mark.parametrize("text", OFF.strip().splitlines())
def test_off(text: str) -> None:
    assert narration_request(text) == "off"


@pytest.mark.parametrize("text", NEITHER.strip().splitlines())
def test_neither(text: str) -> None:
    assert narration_request(text) is None


@pytest.mark.parametrize("text", ["Stop.", "Be quiet, please.", "That's enough.", "Okay, stop talking now."])
def test_while_it_describes_these_can_mean_nothing_else(text: str) -> None:
    assert narration_request(text, narrating=True) == "off"
