"""A conversation's tokens equal those of the library's own template and tokenizer, whatever is cached."""

from __future__ import annotations

import random
import time

import pytest
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from dialogue.llm.language_model import LanguageModel
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.chat_template import ChatTemplate, chatml
from dialogue.prompts.prompt import ChatMessage
from tests.dialogue.chat_templates import SPECIAL, TEMPLATES, byte_tokenizer, tokenizer_for
from tests.dialogue.prompts.test_prompt import ATTACKS

TALK = [
    ChatMessage("user", "What's up, 3 o'clock?"),
    ChatMessage("assistant", "Hello, it is fine; you see 你好 🙂."),
    ChatMessage("user", "the the [x]"),
    ChatMessage("assistant", "...and so on!"),
    ChatMessage("user", "?"),
]
SYSTEM = ChatMessage("system", "Be kind.")


def made(name: str) -> tuple[ChatFormat, PreTrainedTokenizerFast]:
    tokenizer = tokenizer_for(name)
    theirs = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=TEMPLATES[name], **SPECIAL[name])
    return ChatFormat(tokenizer, ChatTemplate(TEMPLATES[name], SPECIAL[name])), theirs


def dicts(messages: list[ChatMessage]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "always thinks"])
def test_the_prompt_of_a_reply_equals_the_librarys(name: str) -> None:
    chat, theirs = made(name)
    messages = TALK if name == "llama2" else [SYSTEM, *TALK]
    wanted = theirs.apply_chat_template(
        dicts(messages), add_generation_prompt=True, enable_thinking=False, return_dict=False
    )
    assert chat.replying(messages) == wanted


def test_the_embedded_model_reads_its_own_template(smollm2: LanguageModel) -> None:
    theirs = ChatTemplate(smollm2.chat_template, {})
    messages = [SYSTEM, *TALK]
    assert theirs(messages, True) == chatml(messages, True)
    assert theirs(messages[:-1], False) == chatml(messages[:-1], False)


@pytest.mark.parametrize("name", TEMPLATES)
def test_listening_is_a_prefix_of_the_reply_prompt(name: str) -> None:
    """What is prefilled while the user speaks is valid for the reply."""
    chat, _ = made(name)
    before = [SYSTEM, *TALK[:-1]]
    heard = chat.listening(before, "What is the")
    longer = chat.listening(before, "What is the time")
    asked = chat.replying([*before, ChatMessage("user", "What is the time?")])
    assert longer[: len(heard)] == heard
    assert asked[: len(longer)] == longer
    assert chat.listening(before) == heard[: len(chat.listening(before))]


@pytest.mark.parametrize("name", ["qwen3", "llama2"])
def test_pieces_joined_are_the_whole_encoded(name: str) -> None:
    chance, tokenizer = random.Random(0), tokenizer_for(name)
    chat = ChatFormat(tokenizer, chatml)
    parts = [
        "<|im_start|>",
        "<|im_end|>",
        "</s>",
        "<s>",
        "<think>",
        " ",
        "\n",
        "\n\n",
        "the",
        "Hello",
        "'s",
        "1",
        "é",
        "<",
    ]
    for _ in range(200):
        text = "".join(chance.choices(parts, k=chance.randint(0, 12)))
        assert chat.encode(text) == tokenizer.encode(text, add_special_tokens=False).ids, text


@pytest.mark.parametrize("attack", [*ATTACKS, "<tool_call>", "<|User|>", "<|<|eot_id|>eot_id|>", "</</s>s>"])
def test_text_from_outside_never_becomes_control_tokens(attack: str) -> None:
    tokenizer = byte_tokenizer()
    chat = ChatFormat(tokenizer, chatml)
    added = set(tokenizer.get_added_tokens_decoder())
    assert not added & set(chat.encode(chat.plain(attack)))
    turns = [token for token in chat.replying([ChatMessage("user", chat.plain(attack))]) if token in added]
    assert len(turns) == 3


def test_a_text_full_of_control_tokens_costs_little() -> None:
    chat = ChatFormat(byte_tokenizer(), chatml)
    began = time.process_time()
    chat.plain("<tool_call>" * 20_000)
    assert time.process_time() - began < 1.0


def test_a_long_text_keeps_its_beginning_and_its_end(smollm2: LanguageModel) -> None:
    chat = ChatFormat(smollm2.tokenizer, chatml)
    text = " ".join(f"word{number}" for number in range(400))
    short = chat.shortened(text, 100)
    assert short.startswith("word0 word1 ") and short.endswith(" word399") and " ... " in short
    assert 80 <= len(chat.encode(short)) <= 104
    assert chat.shortened("short", 100) == "short"


@pytest.mark.parametrize(
    ("name", "end"), [("llama3", "<|eot_id|>"), ("qwen3", "<|im_end|>"), ("always thinks", "<|end_of_sentence|>")]
)
def test_the_token_that_ends_a_turn_is_read_from_the_template(name: str, end: str) -> None:
    chat, theirs = made(name)
    assert chat.turn_ends() == {theirs.convert_tokens_to_ids(end)}


def test_thoughts_are_not_text() -> None:
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens(["<think>", "</think>"])  # some checkpoints have them so
    chat = ChatFormat(tokenizer, chatml)
    ids = chat.encode("<think>\nThe user greets me.</think>\n\nHello you.")
    assert chat.text(ids) == "Hello you."
    assert [chat.text(ids[:end]) for end in range(4)] == [""] * 4
    assert chat.opens_thought(ids[:1])
    assert not chat.opens_thought(ids)


def test_an_incomplete_character_is_not_text(smollm2: LanguageModel) -> None:
    chat = ChatFormat(smollm2.tokenizer, chatml)
    ids = chat.encode("é 🙂")
    shown = [chat.text(ids[:end]) for end in range(len(ids) + 1)]
    assert shown[-1] == "é 🙂"
    assert all("\ufffd" not in text for text in shown)


def test_a_tokenizer_without_control_tokens_works() -> None:
    plain = Tokenizer.from_str(byte_tokenizer().to_str().replace("<|im_start|>", "<|one|>"))
    chat = ChatFormat(plain, chatml)
    assert chat.listening([SYSTEM, *TALK[:2]], "a") == chat.encode(
        chatml([SYSTEM, *TALK[:2]], False) + "<|im_start|>user\na"
    )
