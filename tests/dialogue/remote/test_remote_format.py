"""Blocks to messages and stream lines to text, case by case."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from dialogue.blocks import Block, Fact, PictureBlock, ReplyBlock, SceneBlock, TextBlock
from dialogue.errors import AssistantError, BadInput
from dialogue.memory.timeline import Entry, Timeline
from dialogue.prompts.prompt import CHAT_PERSONA, SCENE_NOTE
from dialogue.remote.remote_format import KEPT_PICTURES, LONGEST_SIDE, MOST_PICTURES, data_url, delta_text, messages

HI = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": CHAT_PERSONA}
CUP = SceneBlock((Fact("object", "cup", 1, "left"),), "", 1.0)


def text(words: str) -> TextBlock:
    return TextBlock(words, 0, 1)


def entries(*blocks: Block) -> Sequence[Entry]:
    timeline = Timeline()
    for block in blocks:
        timeline.add(block)
    return timeline.entries


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], []),
        ([text("Hi")], [HI]),
        ([text("Hi<|x|>")], [{"role": "user", "content": "Hi< |x| >"}]),
        ([text("Hi"), ReplyBlock("Yes?", 1, 2)], [HI, {"role": "assistant", "content": "Yes?"}]),
    ],
)
def test_entries_become_messages(blocks: list[Block], expected: list[dict[str, str]]) -> None:
    assert messages(entries(*blocks), sees=False) == [SYSTEM, *expected]
    assert messages(entries(*blocks), sees=False, system="B") == [{"role": "system", "content": "B"}, *expected]


def test_what_was_seen_stands_before_the_words_that_followed_and_is_sent_once() -> None:
    sent = messages(entries(CUP, text("What is there?"), ReplyBlock("A cup.", 1, 2), CUP, text("Where?")), sees=False)
    assert sent[1]["content"] == "[1.0 s camera: a cup on the left]\nWhat is there?"
    assert sent[3]["content"] == "Where?"


def test_entries_about_what_was_seen_are_explained_once() -> None:
    own = messages(entries(CUP, text("What is there?")), sees=False, system="Be kind.")[0]["content"]
    assert own == f"Be kind.\n\n{SCENE_NOTE}"
    usual = messages(entries(CUP, text("What is there?")), sees=False)[0]
    assert usual == SYSTEM, "it explains them"


def test_a_server_with_vision_gets_pictures_instead() -> None:
    picture = PictureBlock(np.zeros((4, 6, 3), np.uint8), 3.0)
    sent = messages(entries(CUP, picture, text("What is there?")), sees=True)
    assert [part["type"] for part in sent[1]["content"]] == ["image_url", "text"]
    assert sent[1]["content"][-1]["text"] == "What is there?"


def test_old_pictures_become_words_some_at_a_time_so_that_requests_share_their_beginning() -> None:
    blocks: list[Block] = []
    before: list[dict[str, object]] = []
    changed = []
    for second in range(12):
        picture = PictureBlock(np.full((4, 6, 3), second, np.uint8), float(second))
        blocks += [picture, text(f"And now, {second}?"), ReplyBlock("Fine.", 0, 1)]
        sent = messages(entries(*blocks), sees=True)
        shown = str(sent).count("data:image")
        assert min(KEPT_PICTURES, second + 1) <= shown <= MOST_PICTURES
        assert str(sent).count("no longer sent") == second + 1 - shown
        assert "data:image" in str(sent[-2]), "the newest one is sent"
        changed.append(sent[: len(before)] != before)
        before = sent
    assert changed == [number in (4, 7, 10) for number in range(12)]


def test_a_large_picture_is_sent_smaller() -> None:
    jpeg = base64.b64decode(data_url(np.zeros((3000, 1500, 3), np.uint8)).removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(jpeg)).size == (LONGEST_SIDE // 2, LONGEST_SIDE)


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
