"""A model with a LoRA adapter computes what PEFT computes with it, on random weights, by every route.

Also tests `decoder_tensors.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, MiniCPM3ForCausalLM, Qwen2Config, Qwen2ForCausalLM

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import CONFIG, WEIGHTS, Adapter
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_weights import AdaptedWeights, SafetensorsWeights
from dialogue.llm.language_model import open_decoder
from dialogue.minicpm.checkpoints.opening import open_text_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny

SIZES: dict[str, Any] = {
    "vocab_size": 160, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 128,
}  # fmt: skip
IDS = torch.arange(3, 19)


def adapted(model: Any, folder: Path, **options: Any) -> Tensor:
    """Saves an adapter with random weights; returns PEFT's logits (T, vocab)."""
    torch.manual_seed(5)
    peft = get_peft_model(model, LoraConfig(init_lora_weights=False, **options))
    peft.save_pretrained(str(folder))
    with torch.inference_mode():
        logits: Tensor = peft.eval()(IDS[None]).logits[0]
    return logits


def llama(folder: Path) -> LlamaForCausalLM:
    torch.manual_seed(3)
    model = LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=True))
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize(
    "options",
    [
        {"r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"]},
        {"r": 8, "lora_alpha": 8, "target_modules": "all-linear", "use_rslora": True},
        {"r": 4, "lora_alpha": 4, "target_modules": ["o_proj", "down_proj"], "alpha_pattern": {"down_proj": 32}},
    ],
    ids=["plain", "rank-stabilised", "own alpha"],
)
def test_a_llama_model_computes_what_peft_does(options: dict[str, Any], tmp_path: Path) -> None:
    logits = adapted(llama(tmp_path / "model"), tmp_path / "lora", **options)
    decoder = open_decoder(tmp_path / "model", quantisation="float32", adapter=tmp_path / "lora")
    ours = decoder.logits(decoder.forward(decoder.new_cache(32), IDS))
    torch.testing.assert_close(ours, logits, atol=1e-4, rtol=1e-4)
    plain = open_decoder(tmp_path / "model", quantisation="float32")
    assert not torch.allclose(plain.logits(plain.forward(plain.new_cache(32), IDS)), logits, atol=1e-2)


def test_the_compiled_step_has_the_adapter_in_its_bits(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = Qwen2ForCausalLM(Qwen2Config(**SIZES))
    model.save_pretrained(tmp_path / "model")
    logits = adapted(model, tmp_path / "lora", r=4, lora_alpha=16, target_modules="all-linear")
    decoder = open_decoder(tmp_path / "model", quantisation="int8", adapter=tmp_path / "lora")
    ours = decoder.logits(decoder.forward(decoder.new_cache(32), IDS))
    assert torch.nn.functional.cosine_similarity(ours, logits, dim=-1).min() > 0.99


def test_minicpm3_computes_what_peft_does(tmp_path: Path) -> None:
    write_tiny(Kind.TEXT3, tmp_path / "model")
    model = MiniCPM3ForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    targets = ["q_a_proj", "kv_b_proj", "o_proj", "gate_proj"]
    logits = adapted(model, tmp_path / "lora", r=4, lora_alpha=16, target_modules=targets)
    ours = open_text_model(tmp_path / "model", adapter=tmp_path / "lora")
    mine = ours.logits(ours.forward(ours.new_cache(32), IDS))
    torch.testing.assert_close(mine, logits, atol=1e-3, rtol=1e-3)


def test_an_adapter_of_the_language_model_alone_fits_a_model_that_sees(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    names = ("model.layers.0.self_attn.q_proj.weight", "model.layers.1.self_attn.q_proj.weight")
    fitted = Adapter(tmp_path / "lora").fitted({f"llm.{name}": (64, 64) for name in names})
    assert set(fitted) == {f"llm.{name}" for name in names}


def test_weights_of_any_file_can_have_an_adapter(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    plain, name = SafetensorsWeights(Checkpoint(tmp_path / "model")), "model.layers.0.self_attn.q_proj.weight"
    weights = AdaptedWeights(plain, Adapter(tmp_path / "lora"))
    torch.testing.assert_close(torch.from_numpy(weights.blocks(name).floats()), weights[name])
    assert not torch.equal(weights[name], plain[name])


def test_what_is_no_fitting_adapter_is_refused(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), lora := tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    config, weights = json.loads((lora / CONFIG).read_text()), load_file(lora / WEIGHTS)
    with pytest.raises(BadInput, match="no adapter_config"):
        Adapter(tmp_path / "model")
    with pytest.raises(BadInput, match="for another model"):
        Adapter(lora).fitted({"model.layers.0.self_attn.q_proj.weight": (32, 64)})
    for change, error in (({"peft_type": "IA3"}, "IA3, not LORA"), ({"use_dora": True}, "use_dora")):
        (lora / CONFIG).write_text(json.dumps({**config, **change}))
        with pytest.raises(BadInput, match=error):
            Adapter(lora)
    (lora / CONFIG).write_text(json.dumps(config))
    save_file(dict(list(weights.items())[1:]), lora / WEIGHTS)
    with pytest.raises(BadInput, match="lacks one"):
        Adapter(lora)
    (lora / WEIGHTS).write_bytes(b"damaged")
    with pytest.raises(BadInput, match="damaged"):
        Adapter(lora)
