"""The instruction of models of the MiniCPM family in Chinese, for o 2.6 as published.

Also tests `dialogue/prompts/seeing_instruction.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from dialogue.engine import SpeaksTo
from dialogue.engines.minicpm.minicpm_o26 import MiniCPMO26Model
from dialogue.engines.minicpm.minicpm_v import MiniCPMVEngine
from dialogue.minicpm.chat.request import EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.session_o26 import SessionO26
from dialogue.prompts.seeing_instruction import CHINESE_INSTRUCTION, INSTRUCTION
from tests.dialogue.conftest import run_here

Open = Callable[[Kind], MiniCPM]
VOICE = np.zeros(16_000, np.float32)


def introduced(model: MiniCPM, language: str, voice: np.ndarray | None, monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    parts_of_it: list[Part] = []

    def introduce(_session: SessionO26, parts: Sequence[Part]) -> None:
        parts_of_it.extend(parts)

    monkeypatch.setattr(SessionO26, "introduce", introduce)
    engine = MiniCPMO26Model(model, run_here, 500, voice=voice)()
    engine.speak_to(language)
    engine._open_session()
    return parts_of_it


def test_o26_is_introduced_in_the_language_as_published(model: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    first, sound, last = introduced(model(Kind.O26), "zh", VOICE, monkeypatch)
    assert first == "你是一个AI助手。你能接受视频，音频和文本输入并输出语音和文本。模仿输入音频中的声音特征。"
    assert isinstance(sound, EncodedSound)
    assert last == "作为助手，你将使用这种声音风格说话。"
    (alone,) = introduced(model(Kind.O26), "auto", None, monkeypatch)
    assert isinstance(alone, str) and alone.startswith("You are a helpful assistant. You can accept video")


def test_a_model_that_sees_is_instructed_in_the_language(model: Open) -> None:
    engine = MiniCPMVEngine(model(Kind.V26), run_here, 4096)
    assert isinstance(engine, SpeaksTo)
    for language, instruction in (("zh", CHINESE_INSTRUCTION), ("auto", INSTRUCTION)):
        engine.speak_to(language)
        assert engine._history.turns()[0].parts[0] == instruction
