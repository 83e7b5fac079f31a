"""Any model that a user names: a chat model gets the setup of --llm, others that of --model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dialogue.engines.settings import ChatModelSettings, ImageTextSettings
from dialogue.errors import BadInput
from dialogue.image_text.tiny import write_tiny_sibling
from stream.models.any_model import model_setup
from stream.models.weights import WeightStore
from tests.dialogue.chat_models import write_chat_gguf, write_chat_model
from tests.stream.small_registry import SmallRegistry
from tests.stream.toy_weights import everything_below


def test_a_chat_model_and_an_image_text_model_get_their_settings(tmp_path: Path, store: WeightStore) -> None:
    write_chat_model("llama3", tmp_path / "chat")
    write_chat_gguf("qwen2", tmp_path / "chat.gguf")
    write_tiny_sibling("minicpm_ocr", tmp_path / "ocr")
    lines: list[str] = []
    chat = model_setup(tmp_path / "chat", store, 64e9, report=lines.append)
    assert (chat.name, chat.engine) == ("llm", ChatModelSettings(model_path=tmp_path / "chat")) and len(lines) == 1
    file = model_setup(tmp_path / "chat.gguf", store, 64e9, precision="int8", device="cpu", context_tokens=1024)
    placed: dict[str, Any] = {"precision": "int8", "device": "cpu", "context_tokens": 1024}
    assert file.engine == ChatModelSettings(model_path=tmp_path / "chat.gguf", **placed)
    seeing = model_setup(tmp_path / "ocr", store, 64e9, report=lines.append)
    assert seeing.engine == ImageTextSettings(model_path=tmp_path / "ocr")
    assert len(lines) == 2 and "it takes" in lines[1] and "of 64.0 GB that are free" in lines[1]


def test_a_hub_id_is_checked_by_its_config_first(hub: SmallRegistry, store: WeightStore, tmp_path: Path) -> None:
    write_chat_model("qwen2", tmp_path / "chat")
    files = {file.name: file.read_bytes() for file in (tmp_path / "chat").iterdir()}
    hub.repositories["owner/chat"] = files
    with pytest.raises(BadInput, match="does not fit"):
        model_setup("owner/chat", store, 1e9)
    assert not any("safetensors" in name for name in everything_below(store.folder))
    setup = model_setup("owner/chat", store, 64e9)
    assert isinstance(setup.engine, ChatModelSettings)
    assert everything_below(setup.engine.model_path) == set(files)
    write_tiny_sibling("minicpm_ocr", tmp_path / "ocr")
    hub.repositories["owner/ocr"] = {file.name: file.read_bytes() for file in (tmp_path / "ocr").iterdir()}
    with pytest.raises(BadInput, match="does not fit"):
        model_setup("owner/ocr", store, 1e9)
    assert isinstance(model_setup("owner/ocr", store, 64e9).engine, ImageTextSettings)


def test_a_large_model_is_judged_by_its_config_alone(tmp_path: Path, store: WeightStore) -> None:
    sizes = {"hidden_size": 2560, "num_hidden_layers": 62, "intermediate_size": 6400, "vocab_size": 73448}
    heads = {"num_attention_heads": 40, "num_key_value_heads": 40, "tie_word_embeddings": True}
    ranks = {"q_lora_rank": 768, "kv_lora_rank": 256, "qk_nope_head_dim": 64, "qk_rope_head_dim": 32}
    config = {"model_type": "minicpm3", **sizes, **heads, **ranks, "v_head_dim": 64, "max_position_embeddings": 32768}
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "config.json").write_text(json.dumps(config))
    lines: list[str] = []
    with pytest.raises(BadInput, match=r"8\.\d GB in bfloat16.* use --precision int8\."):
        model_setup(tmp_path / "3", store, 7e9)
    setup = model_setup(tmp_path / "3", store, 16e9, context_tokens=8192, report=lines.append)
    assert setup.engine.context_tokens == 8192
    assert "its context of 8192 included, of 16.0 GB that are free" in lines[0]


def test_a_model_that_does_not_exist_is_refused(store: WeightStore, tmp_path: Path) -> None:
    for named in (tmp_path / "nowhere", "a/b/c", "owner/model.gguf"):
        with pytest.raises(BadInput, match="owner/name"):
            model_setup(named, store, 64e9)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"no config\.json"):
        model_setup(tmp_path / "empty", store, 64e9)
    write_chat_model("qwen3", tmp_path / "chat")
    shutil.copy(tmp_path / "chat" / "tokenizer.json", tmp_path / "chat" / "config.json")
    with pytest.raises(BadInput, match="does not say what model"):
        model_setup(tmp_path / "chat", store, 64e9)
