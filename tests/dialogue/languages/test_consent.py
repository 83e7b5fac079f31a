"""Questions before a call that changes something, and what counts as consent."""

from __future__ import annotations

import pytest

from dialogue.languages.consent import consent, question_for
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool

AGREEING = (
    *("Yes.", "yes please", "Yeah, go ahead!", "Sure, do it.", "OK", "Please do.", "Yes, that's fine.", "Of course."),
    *("Yes you can.", "All right, go ahead, thanks.", "I agree."),
    *("好的。", "可以", "是的，好。", "Sí, claro.", "Oui, bien sûr.", "Va bene.", "Sim."),
)
DECLINING = (
    "No.",
    "No, thanks.",
    "Don't do that.",
    "Never mind.",
    "Cancel that",
    "Wait, no.",
    "Please don't.",
    "Stop!",
    *("不要。", "算了吧", "Mejor no.", "Non.", "Non, annule.", "Lascia stare.", "Não."),
)
OTHER = (
    *("What would it delete?", "Yes, but use the other file.", "Is it Monday?", "Please.", "Thanks", ""),
    *("The sign says yes.", "Okay, what about the blue one?", "Yesterday."),
    *("好的，现在几点？", "这是什么？", "¿Qué hora es?", "Claro que no lo sé"),
)


@pytest.mark.parametrize("answer", AGREEING)
def test_a_whole_answer_that_agrees_is_consent(answer: str) -> None:
    assert consent(answer) is True


@pytest.mark.parametrize("answer", DECLINING)
def test_a_refusal_is_understood(answer: str) -> None:
    assert consent(answer) is False


@pytest.mark.parametrize("answer", OTHER)
def test_other_words_are_no_consent(answer: str) -> None:
    assert consent(answer) is None


@pytest.mark.parametrize(
    ("description", "arguments", "question"),
    [
        ("Delete a file. It cannot be undone.", {"path": "notes.txt"}, "Shall I delete a file, with path “notes.txt”?"),
        ("Open the door", {}, "Shall I open the door?"),
        ("", {"to": ["a", "b"]}, 'Shall I use send mail, with to “["a", "b"]”?'),
        ("x" * 200, {}, "Shall I use send mail?"),
        ("Write.\nSecond line.", {"text": "long " * 40}, f"Shall I write, with text “{('long ' * 40)[:60]}...”?"),
    ],
)
def test_the_question_names_the_deed_and_its_arguments(
    description: str, arguments: dict[str, object], question: str
) -> None:
    tool = Tool("send_mail", description, {}, lambda: None, asks=True)
    assert question_for(tool, FunctionCall("send_mail", arguments)) == question


def test_a_question_is_asked_in_the_language_of_the_turn() -> None:
    tool = Tool("send_mail", "Send a mail.", {}, lambda: None, asks=True)
    call = FunctionCall("send_mail", {"to": "Ann"})
    assert question_for(tool, call, "zh") == "可以执行“Send a mail, to “Ann””吗？"
    assert question_for(tool, call, "es") == "¿Puedo hacer esto: Send a mail, to “Ann”?"
