"""Questions of a conversation that the user's documents answer, and those that they do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from dialogue.blocks import TextBlock
from dialogue.engine import Citation, Delta, TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.library.answers import NOTHING
from dialogue.library.passage import Found
from dialogue.requests.library_talk import consult
from dialogue.tools.toolbox import SearchLibrary, Toolbox
from tests.dialogue.library.embedding import library_of
from tests.dialogue.ruled_chat import ruled_engine, talk
from tests.dialogue.talking import CountingRunner, clock, run

CONTRACT = [
    ("page 1", "The flat is on the third floor of Mill Lane."),
    ("page 2", "The monthly rent is 940 euros."),
    ("page 3", "The notice period is three months."),
]


def search_in(**documents: Sequence[tuple[str, str]]) -> SearchLibrary:
    library = library_of(**documents)

    async def search(question: str) -> list[Found]:
        return library.search(question)

    return search


SEARCH = search_in(contract=CONTRACT)
TOOLS = Toolbox(search_library=SEARCH)


@pytest.mark.parametrize("question", ["How are you?", "Tell me a joke.", "What is it?", "Who wrote Faust?", "Thanks."])
def test_most_of_what_is_said_is_not_for_the_library(question: str) -> None:
    assert run(consult(SEARCH, question)) is None


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("How long is the notice period?", False),
        ("How long is the notice period in the contract?", True),
        ("Do my documents mention a garage?", True),
    ],
)
def test_a_question_goes_to_the_library_by_its_words_or_by_name(question: str, named: bool) -> None:
    consultation = run(consult(SEARCH, question))
    assert consultation is not None
    assert consultation.named is named


def test_nothing_is_looked_up_without_a_library() -> None:
    assert run(consult(None, "How long is the notice period in the contract?")) is None


def quoting(number: int, answer: str) -> Any:
    """A rule of a model that reads the quotations, and else says that it has read none."""

    def rule(context: str) -> str:
        if "Quotation" not in context and "[1] contract" not in context.rpartition("user")[2]:
            return "No document."
        return json.dumps({"quotation": number, "answer": answer})

    return rule


@pytest.mark.parametrize("family", ["qwen2", "llama3"])
def test_the_model_reads_the_quotations_and_names_the_place(family: str) -> None:
    engine, model = ruled_engine(family, quoting(1, "three months"), TOOLS)
    assert talk(engine, "How long is the notice period?") == ["Three months. That is in the contract, page 3."]
    assert "contract, page 3: “The notice period is three months.”" in model.read[-1]


def test_the_first_piece_of_the_answer_has_the_quotation() -> None:
    engine, _ = ruled_engine("qwen2", quoting(1, "three months"), TOOLS)

    async def pieces() -> list[Delta]:
        await engine.feed(TextBlock("How long is the notice period?", 0.0, 1.0))
        return [delta async for delta in engine.reply()]

    cited = [delta.cited for delta in run(pieces()) if isinstance(delta, TextDelta)]
    assert cited[0] == Citation("contract, page 3", "The notice period is three months.")
    assert not any(cited[1:])


def test_what_no_quotation_supports_is_not_said() -> None:
    engine, _ = ruled_engine("qwen2", quoting(1, "six weeks"), TOOLS)
    [said] = talk(engine, "How long is the notice period?")
    assert "six weeks" not in said
    assert "“The notice period is three months.”" in said


def test_a_question_about_the_documents_is_refused_where_they_do_not_answer() -> None:
    engine, _ = ruled_engine("qwen2", quoting(0, "not stated"), TOOLS)
    [said] = talk(engine, "What does the contract say about the notice period of the garage?")
    assert said.startswith(NOTHING)


def test_any_other_question_is_then_answered_without_them() -> None:
    engine, model = ruled_engine("qwen2", quoting(0, "not stated"), TOOLS)
    assert talk(engine, "How long is the notice period for a landlady?") == ["No document."]
    assert "contract, page" not in model.read[-1]


def test_a_small_model_reads_nothing_and_the_passage_is_quoted(llm: LocalLlm) -> None:
    engine, steps = LocalChatEngine(llm, CountingRunner(), clock), CountingRunner()
    engine.equip(TOOLS)
    said = talk(engine, "How much is the monthly rent?", "What does the contract say about penguins?")
    assert said[0] == "In the contract, page 2, I find: “The monthly rent is 940 euros.”"
    assert said[1].startswith(NOTHING)
    assert not steps.steps


def test_a_small_context_gets_fewer_quotations() -> None:
    pages = [(f"page {n}", f"The notice period of flat {n} is {'quite ' * 30}long.") for n in range(1, 5)]
    consultation = run(consult(search_in(contract=pages), "How long is the notice period in the contract?"))
    assert consultation is not None and len(consultation.quotes) == 4
    assert len(consultation.shortened(lambda text: len(text) < 1000).quotes) < 4
    assert consultation.shortened(lambda text: False) is consultation
