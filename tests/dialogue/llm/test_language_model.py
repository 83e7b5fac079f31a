"""A model opened as the engine opens it: the embedded one, and a folder as a hub gives it.

Also tests `decoder_route.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from dialogue.errors import BadInput
from dialogue.llm.language_model import LanguageModel, open_language_model
from dialogue.llm.sampling import SamplingConfig
from tests.dialogue.chat_models import FAMILIES, write_chat_model
from tests.dialogue.chat_templates import SPECIAL, TEMPLATES

CHAT = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
# What llama.cpp makes of these texts with the same file.
KNOWN_IDS = {
    "Hello world": [19556, 905],
    "it's 12:30, isn't it?": [269, 506, 216, 33, 34, 42, 35, 32, 28, 3247, 982, 357, 47],
    "<|im_start|>user\nHi<|im_end|>\n": [1, 4093, 198, 26843, 2, 198],
    "  two  spaces\n\n\nand\ttabs ": [216, 827, 216, 5600, 1116, 198, 397, 197, 100, 7366, 216],
    "Äpfel, 你好, 🙂!": [142, 222, 96, 34520, 28, 216, 18645, 250, 48392, 138, 28, 47526, 17],
    "x=3.14159; y2 = x**2": [104, 45, 35, 30, 33, 36, 33, 37, 41, 43, 329, 34, 446, 1792, 828, 34],
}


def reply(model: LanguageModel, prompt: str, most: int = 24) -> str:
    cache, said = model.new_cache(256), list[int]()
    hidden = model.forward(cache, torch.tensor(model.tokenizer.encode(prompt, add_special_tokens=False).ids))
    while len(said) < most:
        token = int(model.logits(hidden[-1]).argmax())
        if token in model.stop_ids:
            break
        said.append(token)
        hidden = model.forward(cache, torch.tensor([token]))
    return str(model.tokenizer.decode(said))


@pytest.fixture(scope="module")
def embedded(weights: Any) -> LanguageModel:
    return open_language_model(weights.path("smollm2-135m-instruct"))


def test_the_embedded_model_answers(embedded: LanguageModel) -> None:
    assert "Paris" in reply(embedded, CHAT)
    assert embedded.stop_ids == {0, 2}
    assert "im_start" in embedded.chat_template


def test_every_precision_of_the_embedded_model_answers(weights: Any) -> None:
    for precision in ("float32", "bfloat16"):
        model = open_language_model(weights.path("smollm2-135m-instruct"), quantisation=precision)
        assert "Paris" in reply(model, CHAT)
        assert f"torch, {precision}" in model.describe()


@pytest.mark.parametrize("text", KNOWN_IDS)
def test_the_gguf_tokenizer_splits_as_in_training(embedded: LanguageModel, text: str) -> None:
    ids = embedded.tokenizer.encode(text, add_special_tokens=False).ids
    assert ids == KNOWN_IDS[text]
    assert embedded.tokenizer.decode(ids, skip_special_tokens=False) == text


def test_loading_reports_its_progress(weights: Any) -> None:
    steps: list[tuple[int, int]] = []
    open_language_model(
        weights.path("smollm2-135m-instruct"), on_progress=lambda done, total: steps.append((done, total))
    )
    assert [done for done, _ in steps] == list(range(1, steps[-1][1] + 1))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_from_a_hub_opens(family: str, tmp_path: Path) -> None:
    theirs = write_chat_model(family, tmp_path)
    model = open_language_model(tmp_path, quantisation="float32")
    end = model.tokenizer.token_to_id(SPECIAL[family]["eos_token"])
    assert end in model.stop_ids
    assert model.chat_template == TEMPLATES[family]
    assert model.special_tokens == SPECIAL[family]
    assert model.sampling == SamplingConfig()
    ids = torch.arange(20)
    with torch.inference_mode():
        wanted = theirs(input_ids=ids[None]).logits[0]
    found = model.logits(model.forward(model.new_cache(20), ids))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    coarse = open_language_model(tmp_path, quantisation="auto")
    found = coarse.logits(coarse.forward(coarse.new_cache(20), ids))
    assert (found - wanted).norm() < 0.03 * wanted.norm()


def test_the_makers_sampling_and_stop_tokens_are_read(tmp_path: Path) -> None:
    write_chat_model("qwen3", tmp_path)
    stated = {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "eos_token_id": [7, 8]}
    (tmp_path / "generation_config.json").write_text(json.dumps(stated))
    model = open_language_model(tmp_path, quantisation="bfloat16")
    assert model.sampling == SamplingConfig(temperature=0.6, top_k=20, top_p=0.95)
    assert {7, 8} < model.stop_ids
    (tmp_path / "generation_config.json").unlink()
    assert open_language_model(tmp_path, quantisation="bfloat16").sampling is None


def test_incomplete_weights_are_refused(tmp_path: Path) -> None:
    write_chat_model("llama3", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    for precision in ("auto", "bfloat16"):
        with pytest.raises(BadInput, match=r"layers\.2\..* download the (whole|complete) model"):
            open_language_model(tmp_path, quantisation=precision)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="damaged"):
        open_language_model(tmp_path)


def test_a_model_in_a_foreign_quantisation_is_refused(tmp_path: Path) -> None:
    write_chat_model("qwen3", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "quantization_config": {"quant_method": "awq"}}))
    with pytest.raises(BadInput, match="use the original"):
        open_language_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen3"}))
    with pytest.raises(BadInput, match="states no num_attention_heads"):
        open_language_model(tmp_path)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    write_chat_model("qwen3", tmp_path)
    for file in tmp_path.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(BadInput, match=r"download the (whole|complete) model"):
        open_language_model(tmp_path)


def test_a_path_without_a_model_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BadInput, match=r"neither a \.gguf file nor a model folder"):
        open_language_model(tmp_path / "notes.txt")
    with pytest.raises(BadInput, match="cannot be read"):
        open_language_model(tmp_path)


def test_a_large_file_keeps_its_packed_weights(weights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.gguf"
    file.symlink_to(weights.path("smollm2-135m-instruct"))
    monkeypatch.setattr("dialogue.llm.language_model.KEPT_FROM", 0)
    first = open_language_model(file)
    if "compiled" not in first.describe():
        pytest.skip("the compiled step does not run here")
    assert (tmp_path / "model.gguf.packed").stat().st_size > 90_000_000
    second = open_language_model(file)
    x = torch.randn(3, first.config.hidden_size)
    assert torch.equal(first.logits(x), second.logits(x))
