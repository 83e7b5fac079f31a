"""What a model says about the scene is kept to what is there; what it says about the world comes as it is written.

Also tests `local_context.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dialogue.engines.grounding import CANNOT_TELL, Grounding
from dialogue.memory.keyframes import Keyframe
from dialogue.prompts.dialogue_style import Doubt
from dialogue.prompts.scene_judge import SceneJudge

MENU = "text: “SOUP 4.50”, “PIZZA 9.80”"
SURELY, LIKELY, HARDLY = 5.0, 0.5, -5.0


class Judged:
    """A context in which the judge finds these log odds, and the model doubts so much."""

    def __init__(self, odds: float, doubt: float) -> None:
        self._odds, self._doubt = odds, doubt

    def hidden(self) -> NDArray[np.float32]:
        return np.array([self._odds], np.float32)

    def probability(self, _token: int) -> float:
        return self._doubt

    def follow(self, _wanted: object, _replying: bool) -> bool:
        return False


def grounding(context: Judged, *certainties: float) -> Grounding:
    style = SimpleNamespace(doubt=Doubt("Sorry", 0.5, 0.5, 0.4), judge=SceneJudge(0.0, {0: 1.0}))
    seen = SimpleNamespace(content=Keyframe("text", (), 0.0))
    script: Any = SimpleNamespace(entries=[seen], shown=lambda _entry: MENU, system=(), alone=lambda question: question)
    chat = SimpleNamespace(encode=lambda word: [7])
    llm: Any = SimpleNamespace(style=style, chat=chat, new_context=lambda _system: context)

    async def run(step: Any, *given: Any) -> Any:
        return step(*given)

    writing: Any = SimpleNamespace(certainties=certainties)
    return Grounding(llm, run, script, writing)


async def written(before: Any, pieces: list[str], taken: list[str]) -> AsyncGenerator[str, None]:
    await before
    for piece in pieces:
        taken.append(piece)
        yield piece


def said(
    asked: str, *pieces: str, odds: float = SURELY, doubt: float = 0.0, certain: tuple[float, ...] = ()
) -> tuple[list[str], int]:
    """What is said of what the model writes, and how much was written before the first of it was said."""

    async def story() -> tuple[list[str], int]:
        taken: list[str] = []
        spoken, before = [], 0
        context: Any = Judged(odds, doubt)
        held = grounding(context, *certain)
        opening = held.opening(asked, context, sees=True)
        async for text in held.supported(asked, written(opening, list(pieces), taken)):
            before = before or len(taken)
            spoken.append(text)
        return spoken, before

    return asyncio.run(story())


def test_an_answer_about_the_world_is_said_as_it_is_written() -> None:
    assert said("Why do dogs bark?", "Once", " there", " was one.", odds=HARDLY) == (["Once", " there", " was one."], 1)


def test_an_answer_about_the_scene_is_said_in_whole_sentences_that_it_supports() -> None:
    spoken, before = said("What does the soup cost?", "Soup", " costs 4.50. ", "It is", " hot.")
    assert (spoken, before) == (["Soup costs 4.50. "], 2)
    assert said("What does the soup cost?", "It costs 9.80.")[0] == [CANNOT_TELL]


def test_words_about_the_scene_of_which_the_model_is_uncertain_are_not_said() -> None:
    assert said("What does the soup cost?", "It costs 4.50.", certain=(0.9, 0.3, 0.4))[0] == [CANNOT_TELL]
    assert said("What does the soup cost?", "It costs 4.50.", certain=(0.9, 0.3, 0.6))[0] == ["It costs 4.50."]
    assert said("Why do dogs bark?", "To warn.", certain=(0.1, 0.1), odds=HARDLY)[0] == ["To warn."]


def test_a_doubt_ends_the_reply_at_once() -> None:
    assert said("What does the soup cost?", "Sorry", ", I see", " pizza.") == ([CANNOT_TELL], 1)


def test_where_the_question_may_be_about_the_scene_the_model_says_what_it_knows_without_it() -> None:
    steak = "Steak is a cut of beef."
    assert said("What is a steak?", steak, odds=LIKELY, doubt=0.1)[0] == [steak]
    assert said("What is a steak?", steak, odds=LIKELY, doubt=0.9)[0] == [CANNOT_TELL]


def test_a_figure_of_something_else_in_view_answers_no_question_for_one() -> None:
    assert said("How much is juice?", "Juice is 9.80.", odds=HARDLY)[0] == [CANNOT_TELL]


def test_pictures_that_come_with_a_question_are_what_it_is_about() -> None:
    assert said("What is that?\nPicture 1: A cat.", "It is a dog.", odds=HARDLY)[0] == [CANNOT_TELL]


@pytest.mark.parametrize(("doubt", "token"), [(0.6, 7), (0.4, None)])
def test_a_doubt_about_the_scene_is_admitted(doubt: float, token: int | None) -> None:
    context: Any = Judged(SURELY, doubt)
    assert asyncio.run(grounding(context).opening("Who is it?", context, sees=True)) == token
    assert asyncio.run(grounding(context).opening("Who is it?", context, sees=False)) is None
