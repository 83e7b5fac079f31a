"""A chat model that a user names: its config is checked before anything large is fetched."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from dialogue.blocks import TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.chat_model import open_chat_model
from dialogue.engines.settings import ChatModelSettings
from dialogue.errors import BadInput
from stream.models.chat_choice import REST_BYTES, chat_model_path, chat_setup, judgement
from stream.models.weights import WeightsError, WeightStore
from tests.dialogue.chat_models import write_chat_model
from tests.stream.small_registry import SmallRegistry
from tests.stream.toy_weights import everything_below

SETTINGS = ChatModelSettings(model_path=Path())
QWEN3_8B = {
    "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 12288,
    "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "tie_word_embeddings": False, "max_position_embeddings": 40960,
}  # fmt: skip


@pytest.fixture
def hub(hub: SmallRegistry) -> SmallRegistry:
    """A hub with one model, whose large file only some tests may fetch."""
    config = json.dumps(QWEN3_8B).encode()
    hub.repositories["owner/chat"] = {"config.json": config, "model.safetensors": b"large", "pytorch.bin": b"old"}
    return hub


async def run_here(step: Any, *args: Any) -> Any:
    return step(*args)


def accept(_path: Path) -> None:
    pass


def test_a_hub_id_is_judged_before_it_is_fetched(hub: SmallRegistry, store: WeightStore) -> None:
    shown: list[set[str]] = []
    path = chat_model_path("owner/chat", store, lambda path: shown.append(everything_below(path)))
    assert shown == [{"config.json"}]
    assert everything_below(path) == {"config.json", "model.safetensors"}
    hub.repositories.clear()
    assert chat_model_path("owner/chat", store, accept) == path, "the second time needs no hub"


def test_a_model_that_does_not_fit_is_not_fetched(hub: SmallRegistry, store: WeightStore) -> None:
    def judge(path: Path) -> None:
        judgement(replace(SETTINGS, model_path=path), 2e9)

    with pytest.raises(BadInput, match=r"8\.2 billion parameters .* does not fit into the 2\.0 GB .* smaller model"):
        chat_model_path("owner/chat", store, judge)
    assert not any("safetensors" in name for name in everything_below(store.folder))


def test_a_coarser_precision_that_fits_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_8B))
    with pytest.raises(BadInput, match="use --precision int"):
        judgement(replace(SETTINGS, model_path=tmp_path, precision="bfloat16"), 16e9 + REST_BYTES)
    line = judgement(replace(SETTINGS, model_path=tmp_path, precision="int4"), 64e9)
    assert "8.2 billion parameters at int4 need" in line
    assert "tokens a second here: " in line


def test_another_family_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3_text"}))
    with pytest.raises(BadInput, match="'gemma3_text' is not of the Llama family; use a Llama, SmolLM2"):
        judgement(replace(SETTINGS, model_path=tmp_path), 64e9)


def test_a_refusal_of_the_hub_is_reported(hub: SmallRegistry, store: WeightStore) -> None:
    hub.gated.add("owner/chat")
    with pytest.raises(WeightsError, match="after its terms are accepted"):
        chat_model_path("owner/chat", store, accept)
    with pytest.raises(WeightsError, match="has no model owner/none"):
        chat_model_path("owner/none", store, accept)


def test_a_repository_without_a_config_is_refused(hub: SmallRegistry, store: WeightStore) -> None:
    hub.repositories["owner/chat-GGUF"] = {"chat-q4.gguf": b"GGUF", "README.md": b"files"}
    for _ in range(2):
        with pytest.raises(BadInput, match=r"no config\.json on the hub: .* \.gguf"):
            chat_model_path("owner/chat-GGUF", store, accept)


def test_a_model_of_the_hub_answers(hub: SmallRegistry, store: WeightStore, tmp_path: Path) -> None:
    write_chat_model("qwen3", tmp_path / "there")
    hub.repositories["owner/tiny"] = {file.name: file.read_bytes() for file in (tmp_path / "there").iterdir()}
    settings = chat_setup("owner/tiny", store, 64e9).engine
    assert isinstance(settings, ChatModelSettings)
    engine = open_chat_model(settings.model_path, run_here, settings.context_tokens, datetime.now)()

    async def ask() -> str:
        await engine.feed(TextBlock("Tell me about the sea.", 0, 1))
        return "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])

    assert asyncio.run(ask())


def test_a_missing_network_is_reported(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="check its name and the network"):
        chat_model_path("owner/chat", store, accept)


@pytest.mark.parametrize("named", ["nowhere", "./nowhere/model.gguf", "a/b/c", "owner/model.gguf"])
def test_an_unknown_model_name_is_bad_input(named: str, store: WeightStore) -> None:
    with pytest.raises(BadInput, match="owner/name"):
        chat_model_path(named, store, accept)


def test_a_folder_without_a_config_is_no_model(store: WeightStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no config\.json"):
        chat_model_path(tmp_path, store, accept)


def test_the_setup_has_the_model_as_its_engine(tmp_path: Path, store: WeightStore) -> None:
    write_chat_model("qwen3", tmp_path)
    lines: list[str] = []
    setup = chat_setup(tmp_path, store, 64e9, report=lines.append)
    assert (setup.name, setup.engine) == ("llm", ChatModelSettings(model_path=tmp_path))
    [line] = lines
    assert line.startswith(f"{tmp_path}: ") and "parameters at int8 need" in line
    asked = chat_setup(tmp_path, store, 64e9, precision="int4", device="cpu", context_tokens=1024).engine
    assert asked == ChatModelSettings(model_path=tmp_path, precision="int4", device="cpu", context_tokens=1024)


def test_a_longer_context_needs_more(tmp_path: Path, store: WeightStore) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_8B))
    lines: list[str] = []
    for tokens in (1024, 32768):
        chat_setup(tmp_path, store, 64e9, precision="int8", context_tokens=tokens, report=lines.append)
    assert "contexts 0.30" in lines[0] and "contexts 9.66" in lines[1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_a_missing_graphics_card_is_reported(tmp_path: Path, store: WeightStore) -> None:
    write_chat_model("qwen3", tmp_path)
    with pytest.raises(BadInput, match="finds no GPU"):
        chat_setup(tmp_path, store, 64e9, device="cuda")
