"""A sign cannot leave the quotation marks it is quoted in, in no format of a prompt.

Also tests `dialogue/text/scene_phrases.py`.
"""

from __future__ import annotations

import re

import pytest

from dialogue.blocks import Fact, SceneBlock, TextBlock
from dialogue.memory.keyframes import Keyframe
from dialogue.memory.timeline import Timeline
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.chat_script import ChatScript
from dialogue.prompts.chat_template import ChatTemplate
from dialogue.prompts.scene_text import scene_entry
from dialogue.remote.remote_format import messages
from dialogue.text.scene_phrases import quoted
from tests.dialogue.chat_templates import SPECIAL, TEMPLATES, tokenizer_for
from tests.dialogue.hostile_signs import SIGNS

# One line: a time, what it is, and quotations of which nothing is a bracket or a quotation mark.
ENTRY = re.compile(r"\[1\.0 s (?:text|description): “[^“”\"\[\]\r\n]*”(?:; “[^“”\"\[\]\r\n]*”)*\]")


def scenes(sign: str) -> list[SceneBlock]:
    """The sign as read text, and as a description of a picture; what changed is not shown to a model."""
    change = ((1.0, f"The sign {quoted(sign)} appeared."),)
    return [
        SceneBlock((Fact("text", "", text=sign, at=1.0),), "", 1.0, changes=change),
        SceneBlock((Fact("description", "description", text=sign),), "", 1.0, changes=change),
    ]


def test_there_are_enough_of_them() -> None:
    assert len(set(SIGNS)) == len(SIGNS) >= 40


@pytest.mark.parametrize("sign", SIGNS)
def test_an_entry_quotes_it_on_one_line(sign: str) -> None:
    for kind in ("text", "description"):
        facts = (Fact("text", "", text=sign), Fact("text", "", text=f"SALE {sign}"))
        line = scene_entry(Keyframe(kind, facts, 1.0))
        assert ENTRY.fullmatch(line), line
        assert "BANANA" in line


@pytest.mark.parametrize("sign", SIGNS)
def test_a_remote_server_gets_it_quoted(sign: str) -> None:
    for scene in scenes(sign):
        timeline = Timeline()
        timeline.add(scene)
        timeline.add(TextBlock("What is there?", 2, 3))
        camera, read, asked = messages(timeline.entries, sees=False)[-1]["content"].split("\n")
        assert camera == "[1.0 s camera: nothing recognised]" and asked == "What is there?"
        assert ENTRY.fullmatch(read) and "BANANA" in read


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_chat_template_shows_it_quoted_and_encodes_no_control_token_of_it(name: str) -> None:
    tokenizer = tokenizer_for(name)
    chat = ChatFormat(tokenizer, ChatTemplate(TEMPLATES[name], SPECIAL[name]))
    control = {token for token, content in tokenizer.get_added_tokens_decoder().items() if content.special}

    def asked(sign: str) -> tuple[str, list[int]]:
        script = ChatScript(chat, "Be kind.", 8192)
        script.timeline.add(SceneBlock((Fact("text", "", text=sign, at=1.0),), "", 1.0))
        script.timeline.add(TextBlock("What is there?", 2, 3))
        [_, read] = [script.shown(entry) for entry in script.entries if isinstance(entry.content, Keyframe)]
        return read, [token for token in script.wanted(replying=True) if token in control]

    plain = asked("EXIT")[1]
    for sign in SIGNS:
        read, controls = asked(sign)
        assert ENTRY.fullmatch(read), read
        assert controls == plain
