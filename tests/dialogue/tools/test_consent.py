"""Questions before a call that changes something, and what counts as consent."""

from __future__ import annotations

import pytest

from dialogue.tools.consent import consent, question_for
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool

AGREEING = (
    *("Yes.", "yes please", "Yeah, go ahead!", "Sure, do it.", "OK", "Please do.", "Yes, that's fine.", "Of course."),
    *("Yes you can.", "All right, go ahead, thanks.", "I agree."),
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
)
OTHER = (
    *("What would it delete?", "Yes, but use the other file.", "Is it Monday?", "Please.", "Thanks", ""),
    *("The sign says yes.", "Okay, what about the blue one?", "Yesterday."),
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
