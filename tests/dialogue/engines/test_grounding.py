"""What a model says about the scene is kept to what is there; what it says about the world comes as it is written.

Also tests `local_context.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest

from dialogue.engines.grounding import CANNOT_TELL, Grounding
from dialogue.memory.keyframes import Keyframe
from dialogue.prompts.dialogue_style import Doubt

MENU = "text: “SOUP 4.50”, “PIZZA 9.80”"
YES, NO = 1, 2


class Judging:
    """A model that answers the judge's question, and its context."""

    def __init__(self, about: bool) -> None:
        self.likely = YES if about else NO
        self.asked = 0

    async def follow(self, _log: object, *, replying: bool) -> Any:
        context = SimpleNamespace(follow=lambda _wanted, _replying: False, probability=self.probability)
        return context if replying else None

    def probability(self, token: int) -> float:
        self.asked += 1
        return float(token == self.likely)


def grounding(judging: Judging) -> Grounding:
    style = SimpleNamespace(doubt=Doubt("Sorry", 0.5, 0.5, 0.5))
    chat = SimpleNamespace(encode=lambda word: [{"Yes": YES, "No": NO}.get(word, 0)])
    seen, said = SimpleNamespace(content=Keyframe("text", (), 0.0)), SimpleNamespace(content=None)
    script: Any = SimpleNamespace(
        entries=[seen, said, said],
        shown=lambda _entry: MENU,
        system=(),
        instead=lambda question: question,
        alone=lambda question: question,
    )

    async def run(step: Any, *given: Any) -> Any:
        return step(*given)

    alone = SimpleNamespace(follow=lambda _wanted, _replying: False, probability=judging.probability)
    llm: Any = SimpleNamespace(style=style, chat=chat, new_context=lambda _system: alone)
    context: Any = judging
    return Grounding(llm, run, script, context)


async def written(pieces: list[str], taken: list[str]) -> AsyncGenerator[str, None]:
    for piece in pieces:
        taken.append(piece)
        yield piece


def said(asked: str, *pieces: str, about: bool = False) -> tuple[list[str], int]:
    """What is said of what the model writes, and how much was written before the first of it was said."""

    async def story() -> tuple[list[str], int]:
        taken: list[str] = []
        spoken, before = [], 0
        log: Any = None
        async for text in grounding(Judging(about)).supported(asked, written(list(pieces), taken), log):
            before = before or len(taken)
            spoken.append(text)
        return spoken, before

    return asyncio.run(story())


@pytest.mark.parametrize("asked", ["Tell me a story about dragons.", "Why do dogs bark?"])
def test_an_answer_about_the_world_is_said_as_it_is_written(asked: str) -> None:
    assert said(asked, "Once", " there", " was one.") == (["Once", " there", " was one."], 1)


def test_an_answer_about_the_scene_is_said_in_whole_sentences_that_it_supports() -> None:
    spoken, before = said("What does the soup cost?", "Soup", " costs 4.50. ", "It is", " hot.")
    assert (spoken, before) == (["Soup costs 4.50. "], 2)
    assert said("What does the soup cost?", "It costs 9.80.")[0] == [CANNOT_TELL]


def test_a_doubt_ends_the_reply_at_once() -> None:
    assert said("What does the soup cost?", "Sorry", ", I see", " pizza.") == ([CANNOT_TELL], 1)


def test_a_question_that_the_model_takes_for_one_about_the_scene_is_held_to_it() -> None:
    assert said("Can I get a steak there?", "Steak is 20.00.", about=True)[0] == ["Steak is 20.00."], "it knows more"
    assert said("Can I get a steak there?", "Steak", " is 20.00.", about=False) == (["Steak", " is 20.00."], 1)


def test_a_figure_of_something_else_in_view_answers_no_question_for_one() -> None:
    assert said("How much is juice?", "Juice is 9.80.")[0] == [CANNOT_TELL]
