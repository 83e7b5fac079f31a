"""The public Python API with tiny chosen models: histories, streams, recordings, live calls, voices."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from audio.sound_file import read_sound, write_wav
from dialogue.image_text.tiny import write_tiny_sibling
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from omnilive import (
    Assistant,
    BadInput,
    Busy,
    EngineLost,
    ReplyEnded,
    ReplyText,
    SceneSeen,
    SessionEnded,
    Voiced,
    WeightsError,
)
from stream.models.weights import WeightStore
from tests.dialogue.chat_models import write_chat_model
from tests.loaded_once import models_loaded_once
from ui.command_line import main

__all__ = ["models_loaded_once"]

RGB = np.random.default_rng(0).integers(0, 256, (160, 240, 3), dtype=np.uint8)
TONE = (0.3 * np.sin(np.arange(32_000) * 0.1)).astype(np.float32)
ASKED: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "image", "image": RGB}, "What is this?"]}]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    kinds = {"v2.6": Kind.V26, "o2.6": Kind.O26}  # seed 2: the likeliest words are no white space
    made = {name: write_tiny(kind, tmp_path_factory.mktemp(name), seed=2) for name, kind in kinds.items()}
    return {**made, "v4.6": write_tiny_sibling("minicpmv4_6", tmp_path_factory.mktemp("v46"))}


@pytest.fixture(scope="module")
def seeing(folders: dict[str, Path], home: Path, weights: WeightStore) -> Iterator[Assistant]:
    with Assistant.from_pretrained(folders["v2.6"], quantize="int4", home=home) as loaded:
        yield loaded


def test_a_picture_and_a_history_are_answered_in_whole_or_in_pieces(seeing: Assistant) -> None:
    assert seeing.describe_image(RGB)
    pieces = []
    for piece in seeing.chat(ASKED, stream=True):
        pieces.append(piece)
        if len(pieces) == 5:
            break
    assert all(pieces)
    assert seeing.chat([*ASKED, {"role": "assistant", "content": "A desk."}, *ASKED])


def test_a_video_is_an_item_of_a_history(seeing: Assistant, tmp_path: Path) -> None:
    film = cv2.VideoWriter(str(tmp_path / "film.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (240, 160))
    for shade in range(30):
        film.write(np.full((160, 240, 3), 8 * shade, np.uint8))
    film.release()
    asked = [{"role": "user", "content": [{"type": "video", "video": tmp_path / "film.mp4"}, "What happens?"]}]
    still = [{"role": "user", "content": [{"type": "image", "image": RGB}, "What happens?"]}]
    assert seeing.chat(asked) != seeing.chat(still)


def test_pieces_come_inside_a_running_loop(seeing: Assistant) -> None:
    async def program() -> list[str]:
        pieces = []
        async for piece in await seeing.achat(ASKED, stream=True):
            pieces.append(piece)
            if len(pieces) == 5:
                break
        return pieces

    assert len(asyncio.run(program())) == 5


def test_a_stream_reports_bad_input_at_its_first_piece(seeing: Assistant) -> None:
    with pytest.raises(BadInput, match="is empty"):
        next(iter(seeing.chat([{"role": "user", "content": ""}], stream=True)))


def test_a_program_holds_a_call(seeing: Assistant) -> None:
    with seeing.live(aloud=False) as call:
        call.see(RGB)
        first = call.ask("What is this?")
        second = call.ask("And now?")
        with pytest.raises(BadInput, match="characters"):
            call.ask("x" * 5000)
        with pytest.raises(BadInput, match="not a recording"):
            call.hear(np.full(10, np.nan))
    assert first and second and first != second
    happened = list(call)
    assert [event.said.strip() for event in happened if isinstance(event, ReplyEnded)] == [first, second]
    assert (
        "".join(event.text for event in happened if isinstance(event, ReplyText) and event.turn == 1).strip() == first
    )
    assert isinstance(happened[-1], SessionEnded)


def test_the_voice_of_a_call_is_among_its_events(seeing: Assistant) -> None:
    async def program() -> list[Voiced]:
        voiced: list[Voiced] = []
        async with seeing.live(rate=16_000) as call:
            call.write("Hello there.")
            async for event in call:
                if isinstance(event, Voiced):
                    voiced.append(event)
                if len(voiced) == 10:
                    call.interrupt()
                if isinstance(event, ReplyEnded):
                    assert event.cut
                    break
        return voiced

    voiced = asyncio.run(program())
    assert len(voiced) >= 10
    assert {(len(each.samples), each.rate) for each in voiced} == {(320, 16_000)}
    apart = np.diff([each.at for each in voiced])
    assert np.median(apart) == pytest.approx(0.02, abs=0.01)
    assert apart.sum() > 0.02 * len(apart) - 0.05, "never faster than it is heard"
    assert np.abs(np.concatenate([each.samples for each in voiced])).max() > 0.01


def test_speech_sent_at_once_is_heard_in_real_time_and_answered(home: Path, weights: WeightStore) -> None:
    """Uses the embedded models, with a synthesized question."""
    from audio.voices.voice import Synthesizer

    voice = Synthesizer(threads=1)
    with Assistant(home=home) as assistant, assistant.live() as call:
        call.hear(voice.say("What is two plus three?"), rate=voice.rate)
        said = next(event.said for event in call if isinstance(event, ReplyEnded))
    assert re.search(r"\b(5|five)\b", said)


def test_one_call_more_than_there_are_slots_raises_busy(seeing: Assistant) -> None:
    with seeing.live(), seeing.live(), pytest.raises(Busy), seeing.live():
        pass
    with seeing.live():
        pass
    with pytest.raises(BadInput, match="open only inside its block"):
        seeing.live().write("Hello")


def test_a_question_ends_when_no_answer_comes_in_time(seeing: Assistant) -> None:
    async def program() -> None:
        async with seeing.live() as call:
            asking = asyncio.create_task(call.aask("What is this?", timeout_s=0.0))
            with pytest.raises(EngineLost):
                await asking

    asyncio.run(program())


def test_o26_hears_and_speaks_without_asr_and_tts(
    folders: dict[str, Path], home: Path, weights: WeightStore, tmp_path: Path
) -> None:
    reference = tmp_path / "me.wav"
    write_wav(reference, TONE, 16_000)
    with pytest.raises(BadInput, match="consent"):
        Assistant.from_pretrained(folders["o2.6"], voice=reference, home=home)
    with Assistant.from_pretrained(
        folders["o2.6"], quantize="int8", voice=reference, speaker_consents=True, home=home
    ) as assistant:
        assert assistant.answer_audio(TONE)
        assert assistant.answer_audio(TONE, "What was that?", speak=tmp_path / "said.wav")
        said = read_sound(tmp_path / "said.wav")
        assert said.rate == 24_000 and said.duration_s > 0.1
        parts = assistant._loop.run(assistant._backend.parts())
        assert parts.voice is None, "the model needs no TTS"
        with pytest.raises(BadInput, match="no folder"):
            assistant.answer_audio(TONE, speak=tmp_path / "nowhere" / "said.wav")


def test_an_image_text_model_is_opened_like_a_minicpm(
    folders: dict[str, Path], home: Path, weights: WeightStore
) -> None:
    with Assistant.from_pretrained(str(folders["v4.6"]), quantize="float32", device="cpu", home=home) as assistant:
        assert next(iter(assistant.chat(ASKED, stream=True)))
        with assistant.live(aloud=False) as call:
            call.see(RGB)
            call.write("What is this?")
            happened = []
            for event in call:
                happened.append(event)
                if sum(isinstance(each, ReplyText) for each in happened) == 5:
                    break
        assert not any(isinstance(event, SceneSeen) and event.objects for event in happened), (
            "the embedded detector must not run beside a model with vision"
        )


def test_a_captioner_describes_pictures_to_a_model_without_vision(
    folders: dict[str, Path], home: Path, weights: WeightStore, tmp_path: Path
) -> None:
    blind = write_tiny(Kind.TEXT3, tmp_path / "3")
    with pytest.raises(BadInput, match="for one that cannot see"):
        Assistant.from_pretrained(folders["v2.6"], captioner=folders["v4.6"], home=home)
    with Assistant.from_pretrained(blind, quantize="float32", captioner=folders["v4.6"], home=home) as assistant:
        parts = assistant._loop.run(assistant._backend.parts())
        assert parts.captioner is not None and parts.vision_models is not None
        assert next(iter(assistant.chat(ASKED, stream=True)))


def test_what_is_not_a_model_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="owner/name"):
        Assistant.from_pretrained(tmp_path / "nothing")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    for quantize in ("int3", 4):
        with pytest.raises(BadInput, match="Weights can be quantised to float32, bfloat16, int8, int4"):
            Assistant.from_pretrained(tmp_path, quantize=quantize, home=tmp_path)  # type: ignore[arg-type]  # refused
    for named, complaint in (("", "names no model"), (tmp_path / "config.json", "the folder that it lies in")):
        with pytest.raises(BadInput, match=complaint):
            Assistant.from_pretrained(named, home=tmp_path)
    with pytest.raises(BadInput, match="not None"):
        Assistant.from_pretrained(tmp_path, device=None, home=tmp_path)  # type: ignore[arg-type]  # refused
    with pytest.raises(BadInput, match="states no num_attention_heads"):
        Assistant.from_pretrained(tmp_path, home=tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3_text"}))
    with pytest.raises(BadInput, match=r"none that takes pictures.*Qwen2"):
        Assistant.from_pretrained(tmp_path, home=tmp_path)


def test_a_chat_model_is_opened_like_a_minicpm(
    home: Path,
    weights: WeightStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The embedded detector describes pictures to it."""
    folder = tmp_path / "chat"
    write_chat_model("qwen2", folder)
    with Assistant.from_pretrained(folder, home=home) as assistant:
        assert assistant.chat([{"role": "user", "content": "Tell me about the sea."}])
        assert assistant.describe_image(RGB)
        with assistant.live(aloud=False) as call:
            assert call.ask("Tell me about the sea.")
    with pytest.raises(BadInput, match="len takes a variable number of arguments"):
        Assistant.from_pretrained(folder, tools=[len], home=home)
    with pytest.raises(BadInput, match="can speak like a recording"):
        Assistant.from_pretrained(folder, voice=tmp_path / "me.wav", speaker_consents=True, home=home)
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    cv2.imwrite(str(tmp_path / "desk.png"), RGB)
    ask = ["ask", str(tmp_path / "desk.png"), "What could I cook with this?", "--model", str(folder), "--json"]
    assert main(ask) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["answer"] and "parameters at" in printed.err


def test_an_unreachable_hub_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="could not download openbmb/MiniCPM-o-2_6"):
        Assistant.from_pretrained("openbmb/MiniCPM-o-2_6", home=tmp_path)


def test_the_command_line_answers_and_speaks_like_the_api(
    folders: dict[str, Path],
    home: Path,
    weights: WeightStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    write_wav(tmp_path / "question.wav", TONE, 16_000)
    model = ["--model", str(folders["o2.6"]), "--quantize", "int4", "--device", "cpu"]
    assert main(["ask", str(tmp_path / "question.wav"), *model, "--speak", str(tmp_path / "said.wav"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"]
    assert read_sound(tmp_path / "said.wav").duration_s > 0.1
