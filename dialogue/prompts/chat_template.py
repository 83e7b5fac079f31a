"""Renders messages as text: ChatML in a few lines, or a model's own template by `transformers`.

Messages that some templates refuse (a system message, two turns of one side in a row) are merged into others; a
thought that a template opens is closed at once, because it would delay the reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer
from tokenizers.models import BPE

from dialogue.errors import BadInput
from dialogue.prompts.prompt import ChatMessage
from dialogue.prompts.thought import THOUGHT_CLOSING, opens_thought

# Qwen3 writes no thoughts; Llama 3 shows functions in the instruction, since a user's turn may leave the context. Other
# templates ignore both.
_SWITCHES = {"enable_thinking": False, "tools_in_user_message": False}


def chatml(messages: Sequence[ChatMessage], open_reply: bool) -> str:
    """ChatML, the template of SmolLM2 (and of Qwen without its additions), without a slow import."""
    text = "".join(f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n" for message in messages)
    return text + ("<|im_start|>assistant\n" if open_reply else "")


class ChatTemplate:
    """A model's own template. A `Render`; shared, immutable.

    `template` is Jinja, or several by name as some models have; `special` are the tokens it may name
    ({"bos_token": "<s>"}). Raises BadInput if there is no usable template.
    """

    def __init__(self, template: str | dict[str, str], special: Mapping[str, str]) -> None:
        from transformers import PreTrainedTokenizerFast

        if not template:
            raise BadInput("This model has no chat template, so it is not trained for dialogue; take its chat variant.")
        # Without a vocabulary: the library would copy that of the model, 40 MB, and text needs none.
        self._words = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE()), chat_template=template, **special)
        hello = [ChatMessage("user", "Hello"), ChatMessage("assistant", "Hi"), ChatMessage("user", "Bye")]
        self._try(hello)
        self._takes_instructions = "Be kind." in self.tried(
            _as_dictionaries([ChatMessage("system", "Be kind."), *hello]), True
        )
        self._takes_any_order = bool(self.tried(_as_dictionaries([*hello, *hello]), True))

    def __call__(self, messages: Sequence[ChatMessage], open_reply: bool) -> str:
        if not self._takes_instructions:
            messages = _system_in_first_user_turn(messages)
        if not self._takes_any_order:
            messages = _alternating(messages)
        text = self._rendered(messages, open_reply)
        return text.rstrip() + THOUGHT_CLOSING if open_reply and opens_thought(text) else text

    def tried(
        self, messages: Sequence[Mapping[str, Any]], open_reply: bool, tools: Sequence[Mapping[str, Any]] = ()
    ) -> str:
        """The text of messages in the form of chat APIs; "" if the template refuses them."""
        try:
            return self._applied(messages, open_reply, tools)
        except Exception:
            return ""

    def _rendered(self, messages: Sequence[ChatMessage], open_reply: bool) -> str:
        tools = [tool.as_schema() for message in messages for tool in message.tools]
        return self._applied(_as_dictionaries(messages), open_reply, tools)

    def _applied(
        self, messages: Sequence[Mapping[str, Any]], open_reply: bool, tools: Sequence[Mapping[str, Any]]
    ) -> str:
        options: dict[str, Any] = {"add_generation_prompt": open_reply, "tools": list(tools) or None, **_SWITCHES}
        return str(self._words.apply_chat_template(list(messages), tokenize=False, **options))

    def _try(self, messages: Sequence[ChatMessage]) -> None:
        try:
            shown = self._rendered(messages, True)
        except Exception as error:  # a template may raise anything
            raise BadInput(f"This model's chat template cannot be used ({error}); take another model.") from error
        if not all(message.content in shown for message in messages):
            raise BadInput("This model's chat template drops messages; take another model.")


def _as_dictionaries(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _system_in_first_user_turn(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The messages with the instruction at the head of the first user turn."""
    instruction = "\n\n".join(message.content for message in messages if message.role == "system")
    rest = [message for message in messages if message.role != "system"]
    first = next((number for number, message in enumerate(rest) if message.role == "user"), None)
    if first is None:
        return [ChatMessage("user", instruction), *rest] if instruction else rest
    rest[first] = ChatMessage("user", "\n\n".join(filter(None, (instruction, rest[first].content))))
    return rest


def _alternating(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The messages with consecutive ones of one side joined."""
    joined: list[ChatMessage] = []
    for message in messages:
        if joined and joined[-1].role == message.role:
            joined[-1] = ChatMessage(message.role, f"{joined[-1].content}\n\n{message.content}")
        else:
            joined.append(message)
    return joined
