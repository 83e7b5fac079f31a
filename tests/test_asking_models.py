"""Generation options and tools for a chosen model, and the end of a question when the assistant is closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from omnilive import Assistant, BadInput, EngineLost
from stream.models.weights import WeightStore
from tests.loaded_once import models_loaded_once
from ui.command_line import main

__all__ = ["models_loaded_once"]

RGB = np.random.default_rng(0).integers(0, 256, (160, 240, 3), dtype=np.uint8)
TONE = (0.3 * np.sin(np.arange(32_000) * 0.1)).astype(np.float32)
ASKED: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "image", "image": RGB}, "What is this?"]}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(Kind.V26, tmp_path_factory.mktemp("v2.6"), seed=2)  # its likeliest words are no white space


@pytest.fixture(scope="module")
def seeing(folder: Path, home: Path, weights: WeightStore) -> Iterator[Assistant]:
    with Assistant.from_pretrained(folder, quantize="int4", home=home) as loaded:
        yield loaded


def test_generation_options_shape_the_answer(seeing: Assistant) -> None:
    likeliest = seeing.chat(ASKED, temperature=0, max_new_tokens=12)
    assert likeliest == seeing.describe_image(RGB, "What is this?", temperature=0, max_new_tokens=12)
    longer = seeing.chat(ASKED, temperature=0, max_new_tokens=24)
    assert longer.startswith(likeliest.rstrip("\N{REPLACEMENT CHARACTER}")) and len(longer) > len(likeliest)
    pieces = list(seeing.chat(ASKED, stream=True, sampling=False, max_new_tokens=12))
    assert len(pieces) == 1 and seeing.chat(ASKED, num_beams=3, max_new_tokens=12) == pieces[0].strip()
    with pytest.raises(BadInput, match="There is room for a reply of"):
        seeing.chat(ASKED, max_new_tokens=500_000)
    with pytest.raises(TypeError, match="no option 'heat'"):
        seeing.chat(ASKED, heat=1)  # type: ignore[call-overload]  # unknown on purpose
    with pytest.raises(BadInput, match="calls no functions"):
        seeing.chat(ASKED, tools=[idle])


def idle() -> None:
    """Does nothing."""


def test_samples_have_the_stated_rate(seeing: Assistant) -> None:
    with pytest.raises(BadInput, match="0 Hz is not a sample rate"):
        seeing.answer_audio(TONE, rate=0)
    with pytest.raises(BadInput, match="is not a recording"):
        seeing.answer_audio(RGB)
    assert seeing.answer_audio(np.zeros(48_000, np.float32), rate=48_000).startswith("I could not make out")


def test_closing_ends_a_question_in_progress(folder: Path, home: Path, weights: WeightStore) -> None:
    assistant = Assistant.from_pretrained(folder, home=home)
    pieces = assistant.chat(ASKED, stream=True)
    assert next(pieces)
    assistant.close()
    with pytest.raises(EngineLost, match="was closed"):
        next(pieces)
    assert assistant.chat(ASKED, max_new_tokens=20), "the next question loads the models again"
    assistant.close()


def test_a_function_can_be_given_for_one_reply(home: Path, weights: WeightStore, tmp_path: Path) -> None:
    """The tiny model does not call it; the test checks that the reply runs, and that function names are unique."""
    with Assistant.from_pretrained(write_tiny(Kind.TEXT3, tmp_path / "3"), home=home) as assistant:
        assert isinstance(assistant.chat([{"role": "user", "content": "Hello"}], tools=[idle], max_new_tokens=3), str)
        for taken in ([idle, idle], [get_time]):
            with pytest.raises(BadInput, match="give yours another name"):
                assistant.chat([{"role": "user", "content": "Hello"}], tools=taken)


def get_time() -> None:
    """Has the name of a built-in tool."""


def test_the_command_line_answers_a_history_like_the_api(
    folder: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    said = [{"role": "system", "content": "Be odd."}, {"role": "user", "content": "Hm?"}]
    (tmp_path / "said.json").write_text(json.dumps(said))
    likeliest = ["--temperature", "0", "--max-tokens", "9", "--json", "--model", str(folder)]
    answers = []
    for asked in (["--history", str(tmp_path / "said.json")], ["--system", "Be odd.", "Hm?"]):
        assert main(["ask", *asked, *likeliest]) == 0
        answers.append(json.loads(capsys.readouterr().out)["answer"])
    with Assistant.from_pretrained(folder, home=home) as assistant:
        assert answers == [assistant.chat(said, temperature=0, max_new_tokens=9)] * 2
