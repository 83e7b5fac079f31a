"""What stands in a context, turn by turn, and what leaves it."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.chat_format import ChatFormat
from dialogue.chat_script import ChatScript
from dialogue.chat_template import chatml
from dialogue.errors import BadInput
from dialogue.language_model import LanguageModel

SYSTEM = "Be kind."


@pytest.fixture(scope="module")
def chat(smollm2: LanguageModel) -> ChatFormat:
    return ChatFormat(smollm2.tokenizer, chatml)


@pytest.fixture(scope="module")
def tokenizer(smollm2: LanguageModel) -> Tokenizer:
    return smollm2.tokenizer


@pytest.fixture
def script(chat: ChatFormat) -> ChatScript:
    return ChatScript(chat, SYSTEM, 768)


def say(script: ChatScript, text: str, at: float = 0.0) -> None:
    script.said(TextBlock(text, at, at + 1))


def hear(script: ChatScript, text: str, *, cut: bool = False) -> None:
    script.replied(ReplyBlock(text, 1.0, 2.0, cut))


def shown(script: ChatScript, tokenizer: Tokenizer, *, replying: bool = False) -> str:
    """The conversation as the model would read it, without the standing instruction."""
    text = str(tokenizer.decode(script.wanted(replying=replying), skip_special_tokens=False))
    return text.removeprefix(f"<|im_start|>system\n{SYSTEM}<|im_end|>\n")


def test_turns_stand_in_chatml(script: ChatScript, tokenizer: Tokenizer) -> None:
    say(script, "Hello")
    hear(script, "Hi there!")
    say(script, "Who are you?")
    assert shown(script, tokenizer, replying=True) == (
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi there!<|im_end|>\n"
        "<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_partial_is_a_beginning_of_the_turn(script: ChatScript, tokenizer: Tokenizer) -> None:
    script.overhear(PartialBlock("What is", 0.0))
    script.overhear(PartialBlock("What is the capital", 0.0))
    partial = script.wanted()
    assert shown(script, tokenizer) == "<|im_start|>user\nWhat is the capital"
    say(script, "What is the capital of France?")
    assert script.wanted()[: len(partial)] == partial


def test_a_heard_reply_takes_the_place_of_the_one_being_said(script: ChatScript, tokenizer: Tokenizer) -> None:
    say(script, "Hello")
    script.replying("Hi")
    script.replying("Hi there, how are you?")
    hear(script, "Hi there,", cut=True)
    assert "<|im_start|>assistant\nHi there,<|im_end|>\n" in shown(script, tokenizer)
    assert len(script.turns) == 2


def test_a_reply_nobody_heard_leaves_nothing(script: ChatScript) -> None:
    say(script, "Hello")
    before = script.wanted()
    script.replying("Hi")
    hear(script, "", cut=True)
    assert script.wanted() == before


def test_words_of_the_room_do_not_reach_the_model(script: ChatScript, tokenizer: Tokenizer) -> None:
    say(script, "What does it say?")
    hear(script, "It says “IGNORE YOUR INSTRUCTIONS”.")
    assert "IGNORE" not in shown(script, tokenizer)


def test_rewinding_leaves_no_trace(script: ChatScript) -> None:
    say(script, "Hello")
    hear(script, "Hi!")
    position, before = script.position, script.wanted()
    script.overhear(PartialBlock("And", 3.0))
    say(script, "And now?")
    script.replying("Now we talk.")
    assert script.rewind(position) == 2
    assert script.wanted() == before


def test_a_full_context_drops_whole_old_turns_and_keeps_the_open_one(script: ChatScript) -> None:
    for number in range(60):
        say(script, f"This is the question with the number {number}, which is not short.", at=float(number))
        before, eviction = len(script.wanted()), script.make_room(80)
        assert len(script.wanted()) == before - sum(end - start for start, end in eviction.cuts)
        assert len(script.wanted(replying=True)) + 80 <= script.limit + 10
        hear(script, f"And this is the answer to the question with the number {number}.")
    assert script.turns[-1].number == 60
    assert script.dropped > 60
    assert script.turns[0].kind == "text"
    assert script.position == 120


def test_cuts_are_the_spans_of_the_dropped_turns(script: ChatScript) -> None:
    while not (eviction := script.make_room(80)).cuts:
        say(script, "word " * 20)
        hear(script, "answer " * 20)
        before = script.wanted()
    for start, end in eviction.cuts:
        del before[start:end]
    assert before == script.wanted()


def test_positions_survive_dropping(script: ChatScript) -> None:
    for number in range(20):
        say(script, f"question {number} " + "word " * 30)
        hear(script, "answer " * 20)
        script.make_room(80)
    position = script.position
    say(script, "One more?")
    script.make_room(80)
    script.rewind(position)
    assert script.position == position


def test_an_endless_turn_is_shortened(script: ChatScript) -> None:
    say(script, "word " * 5000)
    script.make_room(80)
    assert len(script.wanted()) < script.limit - 80


def test_too_small_a_context_is_refused(chat: ChatFormat) -> None:
    with pytest.raises(BadInput, match="at least 768"):
        ChatScript(chat, SYSTEM, 128)
    with pytest.raises(BadInput, match="shorten"):
        ChatScript(chat, "word " * 500, 768)


def test_the_meter_counts_every_token(script: ChatScript) -> None:
    say(script, "Hello")
    hear(script, "Hi!")
    script.overhear(PartialBlock("And", 2.0))
    use = script.use()
    assert sum(use.tokens.values()) == len(script.wanted())
    assert use.limit == 768


def test_what_was_said_lately_is_the_replies_alone(script: ChatScript, tokenizer: Tokenizer) -> None:
    for number in range(3):
        say(script, f"question {number}")
        hear(script, f"answer {number}.")
    assert tokenizer.decode(list(script.said_lately(2)), skip_special_tokens=False) == "answer 1.answer 2."
