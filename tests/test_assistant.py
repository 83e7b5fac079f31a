"""The public Python API with the real embedded models: pictures, recordings, histories, threads and event loops.

Also tests `stream/models/open_llm.py`, `ui/api/assistant.py`, `ui/api/assistant_backend.py`, `ui/api/speech_file.py`,
`ui/commands/ask.py` and `ui/commands/replay.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from audio.sound_file import read_sound
from omnilive import Assistant, BadInput
from stream.models.weights import WeightStore
from tests.loaded_once import models_loaded_once
from tests.media_files import write_media
from ui.command_line import main

__all__ = ["models_loaded_once"]

TIME = r"o'clock|morning|evening|afternoon|night|past|to|\d"


@pytest.fixture(scope="module")
def assistant(home: Path, weights: WeightStore) -> Iterator[Assistant]:
    with Assistant(home=home) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """person.jpg, sign.png and time.wav ("What time is it?")."""
    return write_media(tmp_path_factory.mktemp("media"))


def test_a_picture_is_described(assistant: Assistant, media: Path) -> None:
    assert re.search(r"\bperson\b|\bsomeone\b", assistant.describe_image(media / "person.jpg"))
    assert "GATE 7" in assistant.describe_image(str(media / "sign.png"), "What does the sign say?")


def test_an_array_is_a_picture_too(assistant: Assistant) -> None:
    assert re.search(r"\bone\b|\b1\b", assistant.describe_image(data.astronaut(), "How many people are there?"))


def test_a_recording_is_answered(assistant: Assistant, media: Path) -> None:
    assert re.search(TIME, assistant.answer_audio(media / "time.wav"))
    heard = assistant.answer_audio(media / "news.wav", "What is being said?")
    assert "museum opens at" in heard.lower()


def test_a_history_with_pictures_and_replies_is_answered(assistant: Assistant, media: Path) -> None:
    history: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "image", "image": media / "sign.png"}, "What do you see?"]},
        {"role": "assistant", "content": "I see a sign."},
        {"role": "user", "content": "What does it say?"},
    ]
    assert "GATE 7" in assistant.chat(history)
    assert "5" in assistant.chat([{"role": "user", "content": "What is two plus three?"}]) or "five" in assistant.chat(
        [{"role": "user", "content": "What is two plus three?"}]
    )


def test_the_calls_of_the_minicpm_o_demo_work(assistant: Assistant, media: Path) -> None:
    assert "museum opens at" in assistant.answer_audio_question(media / "news.wav", "What is being said?").lower()
    history: list[dict[str, Any]] = [
        {"type": "image", "content": media / "sign.png"},
        {"type": "text", "content": "What do you see?"},
        {"type": "assistant", "content": "I see a sign."},
        {"type": "text", "content": "What does it say?"},
    ]
    assert "GATE 7" in assistant.multimodal_chat(history)
    spoken = assistant.multimodal_chat([{"type": "audio", "content": str(media / "time.wav")}])
    assert re.search(TIME, spoken), spoken


def test_the_asynchronous_twins_answer_the_same(assistant: Assistant, media: Path) -> None:
    async def program() -> list[str]:
        return [
            await assistant.aanswer_audio(media / "news.wav", "What is being said?"),
            await assistant.aanswer_audio_question(media / "news.wav", "What is being said?"),
            await assistant.amultimodal_chat([{"type": "text", "content": "What is two plus three?"}]),
        ]

    heard, again, added = asyncio.run(program())
    assert heard == again == assistant.answer_audio(media / "news.wav", "What is being said?")
    assert "5" in added or "five" in added


def test_histories_are_independent_of_each_other(assistant: Assistant, media: Path) -> None:
    assert "GATE 7" in assistant.describe_image(media / "sign.png")
    without_picture = assistant.chat([{"role": "user", "content": "What does the sign say?"}])
    assert "GATE" not in without_picture
    assert "camera" in without_picture or "see" in without_picture


def test_it_works_inside_a_running_loop_and_concurrently(assistant: Assistant, media: Path) -> None:
    async def program() -> list[str]:
        asked = [{"role": "user", "content": [media / "sign.png", "What does the sign say?"]}]
        both = await asyncio.gather(assistant.achat(asked), assistant.adescribe_image(media / "person.jpg"))
        return [*both, assistant.chat(asked)]  # the blocking way, in the middle of a loop

    replies = asyncio.run(program())
    assert "GATE 7" in replies[0]
    assert "GATE 7" not in replies[1]
    assert "GATE 7" in replies[2]


def test_threads_may_share_it(assistant: Assistant, media: Path) -> None:
    replies: list[str] = []
    threads = [
        threading.Thread(target=lambda: replies.append(assistant.describe_image(media / "sign.png")))
        for _thread in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 2
    assert all("GATE 7" in reply for reply in replies)


def test_bad_input_is_reported_and_the_next_question_answered(assistant: Assistant, media: Path) -> None:
    for bad in (media / "gone.jpg", media / "time.wav"):
        with pytest.raises(BadInput):
            assistant.describe_image(bad)
    with pytest.raises(BadInput, match="A message with role 'user' is empty"):
        assistant.chat([{"role": "user", "content": ""}])
    with pytest.raises(BadInput, match="There is no setup 'moon'"):
        Assistant("moon")
    assert assistant.chat([{"role": "user", "content": "Hello!"}])


def test_closing_twice_is_allowed_and_an_unused_assistant_makes_no_folder(tmp_path: Path) -> None:
    unused = Assistant(home=tmp_path / "never made")
    unused.close()
    unused.close()
    assert not (tmp_path / "never made").exists()


def test_the_ask_command_answers_like_the_api(
    home: Path, media: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    assert main(["ask", str(media / "sign.png"), "What does the sign say?", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert "GATE 7" in printed["answer"]
    assert printed["seconds"] > 0


def test_a_recording_goes_through_the_live_pipeline(
    home: Path, media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    assert main(["replay", str(media / "time.wav"), "--fast", "--json", "--out", str(tmp_path / "reply.wav")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [each["who"] for each in printed["conversation"]] == ["you", "omnilive"]
    assert "time" in printed["conversation"][0]["text"].lower()
    assert printed["first_sound_made_ms"] > 0
    spoken = read_sound(tmp_path / "reply.wav")
    assert spoken.duration_s == pytest.approx(printed["seconds"], abs=0.03)
    assert np.abs(spoken.samples).max() > 0.05


@pytest.mark.parametrize("command", [["ask"], ["replay"]])
def test_the_commands_refuse_bad_files_in_one_sentence(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    (tmp_path / "empty.wav").write_bytes(b"")
    for name in ("broken.mp4", "empty.wav", "gone.jpg"):
        assert main([*command, str(tmp_path / name)]) == 2
        [line] = capsys.readouterr().err.strip().splitlines()
        assert line.startswith("omnilive: ")
        assert name in line
