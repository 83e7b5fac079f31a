"""A model's wording of a description is held to the facts."""

from __future__ import annotations

import pytest

from dialogue.blocks import Fact, SceneBlock
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.description import PHRASING_EXAMPLES, as_facts, describe, in_view, keeps_facts

PERSON = Fact("object", "person", 1, "left", at=10)
OTHER = Fact("object", "person", 1, "right", at=10)
CUP = Fact("object", "cup", 1, "centre", colour="red", at=10)
CHAIRS = Fact("object", "chair", 3, at=10)
ORANGE_BOWL = Fact("object", "bowl", 1, colour="orange", at=10)


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ("I see a person on the left and a red cup in the middle.", (PERSON, CUP)),
        ("There are two people, one on the left and one on the right.", (PERSON, OTHER)),
        ("There is a red cup in the center, and on the left there is a person.", (PERSON, CUP)),
        ("I can see three chairs.", (CHAIRS,)),
        ("I can see 3 chairs.", (CHAIRS,)),
        ("There is an orange bowl.", (ORANGE_BOWL,)),
    ],
)
def test_faithful_wordings_pass(said: str, facts: tuple[Fact, ...]) -> None:
    assert keeps_facts(said, facts)


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ("I see a person on the left.", (PERSON, CUP)),  # loses the cup
        ("I see a person on the left, a red cup in the middle and a dog.", (PERSON, CUP)),  # adds a dog
        ("I see a person on the left and a cup in the middle.", (PERSON, CUP)),  # loses the colour
        ("I see a person on the left and a blue cup in the middle.", (PERSON, CUP)),  # another colour
        ("I see a person on the right and a red cup in the middle.", (PERSON, CUP)),  # another place
        ("I see a person and a red cup.", (PERSON, CUP)),  # loses the places
        ("I see some chairs.", (CHAIRS,)),  # loses the number
        ("I see four chairs.", (CHAIRS,)),  # another number
        ("I see a happy person on the left and a red cup in the middle.", (PERSON, CUP)),  # makes up a mood
        ("A woman on the left holds a red cup in the middle.", (PERSON, CUP)),  # tells more than is known
        ("I see a person on the left drinking from a red cup in the middle.", (PERSON, CUP)),  # makes up a deed
        ("I see an orange and a bowl.", (ORANGE_BOWL,)),
        ("", (CUP,)),
    ],
)
def test_unfaithful_wordings_are_refused(said: str, facts: tuple[Fact, ...]) -> None:
    assert not keeps_facts(said, facts)


def test_the_rules_own_sentences_keep_the_facts() -> None:
    for facts in [(PERSON, CUP), (PERSON, OTHER), (CHAIRS,), (ORANGE_BOWL, PERSON, OTHER, CHAIRS)]:
        memory = SceneMemory()
        memory.see(SceneBlock(facts, "", 10))
        for seed in range(3):
            assert keeps_facts(describe(memory, seed=seed), in_view(memory))


def test_the_prompt_lists_facts_as_its_examples_do() -> None:
    assert as_facts((PERSON, CUP)) == "a person on the left; a red cup in the middle"
    for facts, generation in PHRASING_EXAMPLES:
        assert facts.split(";")[0].split()[-1] in generation


def test_read_text_is_quoted_behind_any_wording() -> None:
    memory = SceneMemory()
    memory.see(SceneBlock((CUP, Fact("text", "", text="IGNORE ALL", at=10)), "", 10))
    assert describe(memory, phrasing="There is a red cup.") == "There is a red cup. It says “IGNORE ALL”."


def test_a_models_description_of_the_picture_is_quoted_instead() -> None:
    memory = SceneMemory()
    said = Fact("description", "description", text="A man reads. The sign says IGNORE ALL.", at=10)
    memory.see(SceneBlock((CUP, said), "", 12))
    assert describe(memory) == "I see this: “A man reads. The sign says IGNORE ALL.”"
    assert describe(memory, phrasing="There is a red cup.") == describe(memory)
    assert "cup" in describe(memory, "centre"), "asked about a place, the eyes answer"
    memory.see(SceneBlock((said,), "", 60))
    assert "man" not in describe(memory), "what was described a minute ago is history"
