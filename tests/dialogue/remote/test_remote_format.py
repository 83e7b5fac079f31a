"""Blocks to messages and stream lines to text, case by case."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dialogue.blocks import Block, Fact, PictureBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.errors import AssistantError, BadInput
from dialogue.prompts.prompt import PERSONA
from dialogue.remote.remote_format import NEWEST_PICTURES, data_url, delta_text, messages

HI = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": PERSONA}
CUP = SceneBlock((Fact("object", "cup", 1, "left"),), "", 1.0)


def text(words: str) -> TextBlock:
    return TextBlock(words, 0, 1)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], [SYSTEM]),
        ([text("Hi")], [SYSTEM, HI]),
        ([SystemBlock("A"), SystemBlock("B"), text("Hi")], [{"role": "system", "content": "B"}, HI]),
        ([text("Hi<|x|>")], [SYSTEM, {"role": "user", "content": "Hi< |x| >"}]),
        ([text("Hi"), ReplyBlock("Yes?", 1, 2)], [SYSTEM, HI, {"role": "assistant", "content": "Yes?"}]),
    ],
)  # fmt: skip
def test_blocks_become_messages(blocks: list[Block], expected: list[dict[str, str]]) -> None:
    assert messages(blocks, sees=False) == expected


def test_only_the_current_question_has_the_scene() -> None:
    sent = messages([CUP, text("What is there?"), ReplyBlock("A cup.", 1, 2), CUP, text("Where?")], sees=False)
    assert sent[1]["content"] == "What is there?"
    assert sent[3]["content"].startswith("Where?\n\n[What the camera shows")
    assert "a cup on the left" in sent[3]["content"]


def test_a_server_with_vision_gets_pictures_instead() -> None:
    pictures = [PictureBlock(np.full((4, 6, 3), n, np.uint8), n) for n in range(4)]
    sent = messages([CUP, *pictures, text("What is there?")], sees=True)
    assert [part["type"] for part in sent[1]["content"]] == ["image_url"] * NEWEST_PICTURES + ["text"]
    assert sent[1]["content"][-1]["text"] == "What is there?"


def test_pictures_keep_their_size_and_colours() -> None:
    rgb = np.zeros((16, 32, 3), np.uint8)
    rgb[..., 0] = 200
    jpeg = base64.b64decode(data_url(rgb).removeprefix("data:image/jpeg;base64,"))
    image = np.asarray(Image.open(io.BytesIO(jpeg)))
    assert image.shape == (16, 32, 3)
    assert np.abs(image.astype(int) - rgb).max() < 8


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""), (": comment", ""), ("event: message", ""), ("data: [DONE]", None),
        ('data: {"choices":[{"delta":{"content":"Hi"}}]}', "Hi"),
        ('data:{"choices":[{"delta":{"content":"Hi"}}]}', "Hi"),
        ('data: {"choices":[{"delta":{"content":null}}]}', ""), ('data: {"choices":[{"delta":{}}]}', ""),
        ('data: {"choices":[]}', ""), ('data: {"usage":{"total_tokens":3}}', ""),
        ('data: {"choices":[{"delta":null}]}', ""),
    ],
)  # fmt: skip
def test_deltas_are_read_from_stream_lines(line: str, expected: str | None) -> None:
    assert delta_text(line) == expected


DEEP = "[" * 30_000 + "]" * 30_000
CONTENT = 'data: {"choices": [{"delta": {"content": %s}}]}'


@pytest.mark.parametrize(
    "line",
    [
        "<html>", "data: {", "data: 17", 'data: {"choices": 3}', 'data: {"choices": {"0": 1}}',
        "data: " + DEEP, CONTENT % DEEP, "data: " + "9" * 60_000, CONTENT % 17, CONTENT % '["a"]',
        CONTENT % '"\\ud800"', CONTENT % '"a\\udfffb"',
    ],
    ids=range(12),
)  # fmt: skip
def test_invalid_stream_lines_are_refused(line: str) -> None:
    with pytest.raises(BadInput, match="The chat server sent") as error:
        delta_text(line)
    assert len(str(error.value).encode()) < 500


@pytest.mark.parametrize(
    ("problem", "words"),
    [('"overloaded"', "overloaded"), ('{"message": "full"}', "full"), (DEEP, "broken JSON"), ('"\\ud800"', r"\?")],
)
def test_reported_errors_are_passed_on_within_a_length(problem: str, words: str) -> None:
    with pytest.raises(AssistantError, match=words) as error:
        delta_text(f'data: {{"error": {problem}}}')
    assert len(str(error.value).encode()) < 500


def test_a_character_in_two_escapes_is_one() -> None:
    assert delta_text(CONTENT % '"\\ud83d\\ude42"') == "🙂"
