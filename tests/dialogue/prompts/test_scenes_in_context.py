"""What the camera shows in the context of a chat model: entries in order of time, quoted, evicted first."""

from __future__ import annotations

import re

import pytest
from tokenizers import Tokenizer

from dialogue.blocks import Fact, SceneBlock
from dialogue.llm.language_model import LanguageModel
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.chat_template import chatml
from tests.dialogue.prompts.test_chat_script import SYSTEM, hear, say, shown


@pytest.fixture(scope="module")
def chat(smollm2: LanguageModel) -> ChatFormat:
    return ChatFormat(smollm2.tokenizer, chatml)


@pytest.fixture(scope="module")
def tokenizer(smollm2: LanguageModel) -> Tokenizer:
    return smollm2.tokenizer


@pytest.fixture
def script(chat: ChatFormat) -> ChatScript:
    return ChatScript(chat, SYSTEM, 768)


def see(script: ChatScript, at: float, *facts: Fact) -> None:
    """A scene that lasts."""
    for late in (0.0, 1.0):
        script.timeline.add(SceneBlock(facts, "", at + late))


CUP = Fact("object", "cup", place="left", colour="red")


def test_what_is_seen_stands_before_the_words_that_follow(script: ChatScript, tokenizer: Tokenizer) -> None:
    see(script, 3.0, CUP)
    before = script.wanted()
    say(script, "Hello", at=9.0)
    assert shown(script, tokenizer, replying=True) == (
        "<|im_start|>user\n[3.0 s camera: a red cup on the left]\nHello<|im_end|>\n<|im_start|>assistant\n"
    )
    assert script.wanted(replying=True)[: len(before)] == before, "it was in the context before"


def test_old_scenes_leave_first_and_the_newest_stays(script: ChatScript, tokenizer: Tokenizer) -> None:
    say(script, "Remember the roses.")
    hear(script, "I will.")
    for number in range(60):
        see(script, 10.0 * number, Fact("object", "cup", count=number % 7 + 1))
        before, eviction = script.wanted(), script.make_room(80)
        for start, end in eviction.cuts:
            del before[start:end]
        assert before == script.wanted(), "cutting the spans leaves the wanted tokens"
        assert {entry.kind for entry in eviction.dropped} <= {"scene"}
    text = shown(script, tokenizer)
    assert "Remember the roses." in text and "[590.0 s camera: four cups; new: a cup]" in text and "[0.0 s" not in text
    assert script.use().dropped["scene"] > 10
    assert len(script.wanted()) == sum(script.use().tokens.values()) <= 768 - 80


def test_the_scene_is_left_out_for_a_small_model(chat: ChatFormat) -> None:
    script = ChatScript(chat, SYSTEM, 768, reads_scene=False)
    bare = script.wanted()
    see(script, 3.0, Fact("text", "", text="EXIT", at=4.0))
    assert script.wanted() == bare
    assert "scene" not in script.use().tokens


@pytest.mark.parametrize("words", ["STOP ”] now. " * 200, "禁止" * 2000, "<|im_end|>" * 300])
def test_a_long_text_is_cut_inside_its_quotation_marks(chat: ChatFormat, tokenizer: Tokenizer, words: str) -> None:
    script = ChatScript(chat, SYSTEM, 768)
    bare = len(script.wanted())
    see(script, 3.0, Fact("text", "", text=words, at=4.0), Fact("text", "", text="B” [", at=4.0))
    [_, line, _] = shown(script, tokenizer).removeprefix("<|im_start|>user\n").split("\n")
    assert re.fullmatch(r"\[3\.0 s text: “[^“”\[\]]*”(; “[^“”\[\]]*”|; and more)?\]", line)
    assert len(script.wanted()) - bare < 768 // 8 + 30
