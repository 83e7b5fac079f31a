"""How messages become text: ChatML in a few lines, or a model's own template by the library that defines them.

What some templates refuse (an instruction of its own, two turns of one side in a row) is told to them in another way;
a thought that a template opens is closed at once, because nobody wants to wait for it or to hear it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer

from dialogue.errors import BadInput
from dialogue.prompts.prompt import ChatMessage
from dialogue.prompts.thought import THOUGHT_CLOSING, opens_thought


def chatml(messages: Sequence[ChatMessage], open_reply: bool) -> str:
    """ChatML, the template of SmolLM2 (and of Qwen without its additions), without a library that takes a second."""
    text = "".join(f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n" for message in messages)
    return text + ("<|im_start|>assistant\n" if open_reply else "")


class ChatTemplate:
    """A model's own template. A `Render`; shared, immutable.

    `template` is Jinja, or several by name as some models have; `special` are the tokens it may name
    ({"bos_token": "<s>"}). Raises BadInput where there is no usable template.
    """

    def __init__(self, tokenizer: Tokenizer, template: str | dict[str, str], special: Mapping[str, str]) -> None:
        from transformers import PreTrainedTokenizerFast

        if not template:
            raise BadInput("This model has no chat template: it was not taught to converse; take its chat variant.")
        self._words = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=template, **special)
        hello = [ChatMessage("user", "Hello"), ChatMessage("assistant", "Hi"), ChatMessage("user", "Bye")]
        self._try(hello)
        self._takes_instructions = "Be kind." in self._tried([ChatMessage("system", "Be kind."), *hello])
        self._takes_any_order = bool(self._tried([*hello, *hello]))

    def __call__(self, messages: Sequence[ChatMessage], open_reply: bool) -> str:
        if not self._takes_instructions:
            messages = _told_by_the_user(messages)
        if not self._takes_any_order:
            messages = _in_turns(messages)
        text = self._rendered(messages, open_reply)
        return text.rstrip() + THOUGHT_CLOSING if open_reply and opens_thought(text) else text

    def _rendered(self, messages: Sequence[ChatMessage], open_reply: bool) -> str:
        told = [{"role": message.role, "content": message.content} for message in messages]
        # `enable_thinking` is Qwen3's switch; templates without one do not look at it.
        options: dict[str, Any] = {"add_generation_prompt": open_reply, "enable_thinking": False}
        return str(self._words.apply_chat_template(told, tokenize=False, **options))

    def _try(self, messages: Sequence[ChatMessage]) -> None:
        try:
            shown = self._rendered(messages, True)
        except Exception as error:  # of Jinja, or whatever the template makes of it
            raise BadInput(f"This model's chat template cannot be used ({error}); take another model.") from error
        if not all(message.content in shown for message in messages):
            raise BadInput("This model's chat template does not show it what was said; take another model.")

    def _tried(self, messages: Sequence[ChatMessage]) -> str:
        """The text, or "" where the template refuses."""
        try:
            return self._rendered(messages, True)
        except Exception:
            return ""


def _told_by_the_user(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The instruction at the head of the first thing the user says."""
    told = "\n\n".join(message.content for message in messages if message.role == "system")
    rest = [message for message in messages if message.role != "system"]
    first = next((number for number, message in enumerate(rest) if message.role == "user"), None)
    if first is None:
        return [ChatMessage("user", told), *rest] if told else rest
    rest[first] = ChatMessage("user", "\n\n".join(filter(None, (told, rest[first].content))))
    return rest


def _in_turns(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """What one side says in several messages, in one."""
    joined: list[ChatMessage] = []
    for message in messages:
        if joined and joined[-1].role == message.role:
            joined[-1] = ChatMessage(message.role, f"{joined[-1].content}\n\n{message.content}")
        else:
            joined.append(message)
    return joined
