"""Templates that refuse a layout get another; thoughts they open are closed."""

from __future__ import annotations

import pytest

from dialogue.errors import BadInput
from dialogue.prompts.chat_template import ChatTemplate
from dialogue.prompts.prompt import ChatMessage
from tests.dialogue.chat_templates import SPECIAL, TEMPLATES

SYSTEM = ChatMessage("system", "Be kind.")


def template(name: str) -> ChatTemplate:
    return ChatTemplate(TEMPLATES[name], SPECIAL[name])


def test_an_instruction_that_a_template_refuses_goes_into_the_user_turn() -> None:
    rendered = template("llama2")(
        [SYSTEM, ChatMessage("user", "Hello"), ChatMessage("assistant", "Hi"), ChatMessage("user", "Bye")], True
    )
    assert rendered == "<s>[INST] Be kind.\n\nHello [/INST] Hi </s><s>[INST] Bye [/INST]"
    assert template("llama2")([SYSTEM], False) == "<s>[INST] Be kind. [/INST]"


def test_two_turns_of_one_side_are_joined_if_the_template_needs_it() -> None:
    rendered = template("llama2")([ChatMessage("user", "Hello"), ChatMessage("user", "Are you there?")], True)
    assert rendered == "<s>[INST] Hello\n\nAre you there? [/INST]"
    assert (
        template("qwen2")([ChatMessage("user", "Hello"), ChatMessage("user", "Are you there?")], True).count("user\n")
        == 2
    )


@pytest.mark.parametrize("name", ["qwen3", "always thinks"])
def test_no_thought_is_left_open(name: str) -> None:
    assert template(name)([SYSTEM, ChatMessage("user", "Hello")], True).endswith("</think>\n\n")


@pytest.mark.parametrize(
    ("broken", "why"),
    [("", "no chat template"), ("{% for x %}", "cannot be used"), ("Hello", "drops messages")],
)
def test_an_unusable_template_is_refused(broken: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        ChatTemplate(broken, {})


def test_templates_run_in_a_sandbox() -> None:
    with pytest.raises(BadInput, match="cannot be used"):
        ChatTemplate("{{ messages.__class__.__mro__[1].__subclasses__() }}", {})
