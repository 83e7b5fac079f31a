"""A model opened as the engine opens it: the embedded one, and a folder as a hub gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import Qwen3Config, Qwen3ForCausalLM

from dialogue.errors import BadInput
from dialogue.language_model import LanguageModel, open_language_model

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
def test_the_gguf_tokenizer_splits_as_the_model_was_taught(embedded: LanguageModel, text: str) -> None:
    ids = embedded.tokenizer.encode(text, add_special_tokens=False).ids
    assert ids == KNOWN_IDS[text]
    assert embedded.tokenizer.decode(ids, skip_special_tokens=False) == text


def test_loading_tells_how_far_it_is(weights: Any) -> None:
    steps: list[tuple[int, int]] = []
    open_language_model(
        weights.path("smollm2-135m-instruct"), on_progress=lambda done, total: steps.append((done, total))
    )
    assert [done for done, _ in steps] == list(range(1, steps[-1][1] + 1))


def test_a_folder_from_a_hub_opens(tmp_path: Path) -> None:
    config = Qwen3Config(
        vocab_size=300, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=64, max_position_embeddings=128, eos_token_id=[7, 8],
    )  # fmt: skip
    torch.manual_seed(0)
    theirs = Qwen3ForCausalLM(config).eval()
    theirs.save_pretrained(tmp_path)
    Tokenizer.from_str(
        json.dumps(
            {
                "version": "1.0",
                "added_tokens": [],
                "model": {"type": "BPE", "vocab": {chr(33 + i): i for i in range(90)}, "merges": []},
            }
        )
    ).save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    model = open_language_model(tmp_path, quantisation="float32")
    assert model.stop_ids == {7, 8}
    assert model.chat_template == "{{ messages }}"
    ids = torch.arange(20)
    with torch.inference_mode():
        wanted = theirs(input_ids=ids[None]).logits[0]
    found = model.logits(model.forward(model.new_cache(20), ids))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    coarse = open_language_model(tmp_path, quantisation="auto")
    found = coarse.logits(coarse.forward(coarse.new_cache(20), ids))
    assert (found - wanted).norm() < 0.03 * wanted.norm()


def test_what_is_no_model_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BadInput, match=r"neither a \.gguf file nor a model folder"):
        open_language_model(tmp_path / "notes.txt")
    with pytest.raises(BadInput, match="cannot be read"):
        open_language_model(tmp_path)
