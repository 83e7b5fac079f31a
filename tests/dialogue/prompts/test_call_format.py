"""How a model calls functions is found out from its own template."""

from __future__ import annotations

from typing import Any

import pytest

from dialogue.prompts.call_format import CallFormat, call_format
from dialogue.prompts.chat_template import ChatTemplate
from dialogue.prompts.prompt import ChatMessage
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool
from tests.dialogue.chat_templates import SPECIAL, TEMPLATES
from tests.dialogue.tool_templates import TOOL_TEMPLATES

HERMES = CallFormat("arguments", "<tool_call>\n", "\n</tool_call>")
EXPECTED = {"qwen2": HERMES, "qwen3": HERMES, "llama3": CallFormat("parameters", "", "")}


def template(name: str) -> ChatTemplate:
    return ChatTemplate(TOOL_TEMPLATES[name], SPECIAL[name])


@pytest.mark.parametrize("name", TOOL_TEMPLATES)
def test_the_format_is_that_of_the_template(name: str) -> None:
    assert call_format(template(name)) == EXPECTED[name]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_without_functions_has_no_format(name: str) -> None:
    assert call_format(ChatTemplate(TEMPLATES[name], SPECIAL[name])) is None


@pytest.mark.parametrize("name", TOOL_TEMPLATES)
def test_written_calls_are_laid_out_as_the_template_does(name: str) -> None:
    call = FunctionCall("set_timer", {"minutes": 5})
    shown = EXPECTED[name].written([call], lambda text: text)
    function = {"name": call.name, "arguments": dict(call.arguments)}
    hello: list[dict[str, Any]] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    own = [*hello, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}]
    ours = [*hello, {"role": "assistant", "content": shown}]
    assert template(name).tried(ours, False) == template(name).tried(own, False)


def test_tools_are_described_in_the_instruction_and_results_have_their_role() -> None:
    tool = Tool("get_time", "Tell the time.", {"type": "object", "properties": {}}, lambda: "noon")
    for name in TOOL_TEMPLATES:
        text = template(name)(
            [
                ChatMessage("system", "Be kind.", tools=(tool,)),
                ChatMessage("user", "What time is it?"),
                ChatMessage("assistant", EXPECTED[name].written([FunctionCall("get_time")], str)),
                ChatMessage("tool", '"noon"'),
            ],
            True,
        )
        assert text.index("Tell the time.") < text.index("What time is it?"), name
        assert "<tool_response>" in text or "ipython" in text
