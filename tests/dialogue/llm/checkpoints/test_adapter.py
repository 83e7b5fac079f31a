"""A session with a LoRA adapter computes what PEFT's merged model does, and without it what the base does.

Random weights, every route.

Also tests `decoder_tensors.py`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, MiniCPM3ForCausalLM, Qwen2Config, Qwen2ForCausalLM

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import CONFIG, WEIGHTS, Adapter, AdapterChoice, read_adapters
from dialogue.llm.language_model import open_decoder
from dialogue.llm.native.loader import load_library
from dialogue.llm.native_decoder import NativeDecoder
from dialogue.minicpm.checkpoints.opening import open_text_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny

SIZES: dict[str, Any] = {
    "vocab_size": 160, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 128,
}  # fmt: skip
IDS = torch.arange(3, 19)


def adapted(model: Any, folder: Path, seed: int = 5, **options: Any) -> Tensor:
    """Saves an adapter with random weights; returns the logits (T, vocab) of PEFT's merged model. The model stays as it
    is."""
    torch.manual_seed(seed)
    peft = get_peft_model(copy.deepcopy(model), LoraConfig(init_lora_weights=False, **options))
    peft.save_pretrained(str(folder))
    return logits_of(peft.merge_and_unload())


def logits_of(model: Any) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model.eval()(IDS[None]).logits[0]
    return logits


def ours(model: Any, adapter: Adapter | None) -> Tensor:
    """The logits (T, vocab) in a session with this adapter."""
    cache = model.new_cache(32)
    cache.adapter = adapter
    logits: Tensor = model.logits(model.forward(cache, IDS))
    return logits


def llama(folder: Path) -> LlamaForCausalLM:
    torch.manual_seed(3)
    model = LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=True))
    model.save_pretrained(folder)
    return model


def in_one_step(decoder: Any, adapters: Sequence[Adapter | None]) -> list[Tensor]:
    """The logits of sessions with these adapters, computed together."""
    caches = [decoder.new_cache(32) for _ in adapters]
    for cache, adapter in zip(caches, adapters, strict=True):
        cache.adapter = adapter
    return [decoder.logits(rows) for rows in decoder.forward_batch(caches, [IDS] * len(caches))]


@pytest.mark.parametrize(
    "options",
    [
        {"r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"]},
        {"r": 8, "lora_alpha": 8, "target_modules": "all-linear", "use_rslora": True},
        {"r": 4, "lora_alpha": 4, "target_modules": ["o_proj", "down_proj"], "alpha_pattern": {"down_proj": 32}},
    ],
    ids=["plain", "rank-stabilised", "own alpha"],
)
def test_a_llama_session_computes_what_peft_does_and_without_it_what_the_base_does(
    options: dict[str, Any], tmp_path: Path
) -> None:
    base = llama(tmp_path / "model")
    merged = adapted(base, tmp_path / "lora", **options)
    decoder = open_decoder(
        tmp_path / "model", quantisation="float32", adapters=read_adapters([("", tmp_path / "lora")])
    )
    [adapter] = decoder.adapters
    assert decoder.new_cache(32).adapter is adapter
    torch.testing.assert_close(ours(decoder, adapter), merged, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours(decoder, None), logits_of(base), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours(decoder, adapter), merged, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(merged, logits_of(base), atol=1e-2)


def test_sessions_of_one_step_have_adapters_of_their_own(tmp_path: Path) -> None:
    base = llama(tmp_path / "model")
    expected = [
        adapted(base, tmp_path / "all", r=4, lora_alpha=16, target_modules="all-linear"),
        adapted(base, tmp_path / "some", seed=6, r=3, lora_alpha=9, target_modules=["k_proj", "down_proj"]),
        logits_of(base),
    ]
    read = read_adapters([("all", tmp_path / "all"), ("some", tmp_path / "some")])
    decoder = open_decoder(tmp_path / "model", quantisation="float32", adapters=read)
    for mine, logits in zip(in_one_step(decoder, (*decoder.adapters, None)), expected, strict=True):
        torch.testing.assert_close(mine, logits, atol=1e-4, rtol=1e-4)


def test_the_compiled_step_has_an_adapter_at_every_product(tmp_path: Path) -> None:
    load_library()
    torch.manual_seed(3)
    heads = {"hidden_size": 128, "num_attention_heads": 2, "num_key_value_heads": 1}
    base = Qwen2ForCausalLM(Qwen2Config(**{**SIZES, **heads}))
    base.save_pretrained(tmp_path / "model")
    products = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    expected = [adapted(base, tmp_path / name, r=4, lora_alpha=16, target_modules=[name]) for name in products] + [
        logits_of(base)
    ]
    read = read_adapters([(name, tmp_path / name) for name in products])
    decoder = open_decoder(tmp_path / "model", quantisation="int8", adapters=read)
    assert isinstance(decoder, NativeDecoder)
    for mine, logits in zip(in_one_step(decoder, (*decoder.adapters, None)), expected, strict=True):
        assert torch.nn.functional.cosine_similarity(mine, logits, dim=-1).min() > 0.998


def test_rows_of_one_adapter_are_not_used_with_another(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    decoder = open_decoder(tmp_path / "model", adapters=read_adapters([("", tmp_path / "lora")]))
    cache = decoder.new_cache(32)
    decoder.forward(cache, IDS)
    with pytest.raises(AssertionError, match="computed again"):
        cache.adapter = None


def test_minicpm3_computes_what_peft_does(tmp_path: Path) -> None:
    write_tiny(Kind.TEXT3, tmp_path / "model")
    model = MiniCPM3ForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    targets = ["q_a_proj", "kv_b_proj", "o_proj", "gate_proj"]
    merged = adapted(model, tmp_path / "lora", r=4, lora_alpha=16, target_modules=targets)
    opened = open_text_model(tmp_path / "model", adapters=read_adapters([("", tmp_path / "lora")]))
    for adapter, logits in ((opened.adapters[0], merged), (None, logits_of(model)), (opened.adapters[0], merged)):
        torch.testing.assert_close(ours(opened, adapter), logits, atol=1e-3, rtol=1e-3)


def test_an_adapter_of_a_model_that_sees_is_for_its_language_model(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), lora := tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    weights = load_file(lora / WEIGHTS)
    plain = Adapter.read(lora).parts
    save_file({name.replace("base_model.model.", "base_model.model.llm."): each for name, each in weights.items()},
              lora / WEIGHTS)  # fmt: skip
    assert Adapter.read(lora).parts.keys() == plain.keys()
    save_file({name.replace("model.layers", "vpm.layers"): each for name, each in weights.items()}, lora / WEIGHTS)
    with pytest.raises(BadInput, match="more than the layers of a language model"):
        Adapter.read(lora).fitted({}, torch.float32)


def test_a_choice_names_what_there_is(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    [adapter] = read_adapters([("", tmp_path / "lora")])
    switched = list[str]()
    choice = AdapterChoice([adapter], lambda: switched.append(choice.name))
    assert (choice.names, choice.name) == (("lora",), "lora")
    choice.use("lora")
    choice.use("")
    assert switched == [""]
    with pytest.raises(BadInput, match="no adapter 'other'; there is lora"):
        choice.use("other")
    with pytest.raises(BadInput, match="Two adapters have the name 'lora'"):
        read_adapters([("", tmp_path / "lora"), ("lora", tmp_path / "lora")])


def test_what_is_no_fitting_adapter_is_refused(tmp_path: Path) -> None:
    adapted(llama(tmp_path / "model"), lora := tmp_path / "lora", r=4, lora_alpha=4, target_modules=["q_proj"])
    config, weights = json.loads((lora / CONFIG).read_text()), load_file(lora / WEIGHTS)
    with pytest.raises(BadInput, match="no adapter_config"):
        Adapter.read(tmp_path / "model")
    with pytest.raises(BadInput, match="for another model"):
        Adapter.read(lora).fitted({"model.layers.0.self_attn.q_proj.weight": (32, 64)}, torch.float32)
    for change, error in (({"peft_type": "IA3"}, "IA3, not LORA"), ({"use_dora": True}, "use_dora")):
        (lora / CONFIG).write_text(json.dumps({**config, **change}))
        with pytest.raises(BadInput, match=error):
            Adapter.read(lora)
    (lora / CONFIG).write_text(json.dumps(config))
    save_file(dict(list(weights.items())[1:]), lora / WEIGHTS)
    with pytest.raises(BadInput, match="lacks one"):
        Adapter.read(lora)
    (lora / WEIGHTS).write_bytes(b"damaged")
    with pytest.raises(BadInput, match="damaged"):
        Adapter.read(lora)
