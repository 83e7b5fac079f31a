"""MiniCPM3 on its latents: the same numbers as transformers' class, in any chunks and precisions, and rolling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import MiniCPM3ForCausalLM

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.precision import Precision
from dialogue.minicpm.checkpoints.opening import open_model, open_text_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.text.text_model import TextModel
from dialogue.minicpm.tiny.checkpoint import write_tiny

IDS = torch.randint(0, 250, (60,), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def folder(tiny: Callable[[Kind], Path]) -> Path:
    return tiny(Kind.TEXT3)


@pytest.fixture(scope="module")
def published(folder: Path) -> Tensor:
    """What transformers' class makes of IDS, (60, vocab)."""
    model = MiniCPM3ForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.inference_mode():
        logits: Tensor = model(IDS[None]).logits[0]
    return logits


@pytest.mark.parametrize("chunks", [[60], [1] * 60, [7, 1, 1, 30, 21]])
def test_it_computes_what_transformers_computes_however_it_comes(
    folder: Path, published: Tensor, chunks: list[int]
) -> None:
    model = open_text_model(folder)
    cache = model.new_cache(60)
    logits = torch.cat([model.logits(model.forward(cache, part)) for part in IDS.split(chunks)])
    assert cache.length == 60
    torch.testing.assert_close(logits, published, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize(("precision", "share"), [("bfloat16", 0.02), ("int8", 0.03), ("int4", 0.25)])
def test_fewer_bits_stay_near(folder: Path, published: Tensor, precision: Precision, share: float) -> None:
    model = open_text_model(folder, precision)
    logits = model.logits(model.forward(model.new_cache(60), IDS))
    off = (logits - published).norm() / published.norm()
    assert 0 < off < share


def test_what_stands_behind_a_gap_is_what_it_would_be_without_it(folder: Path) -> None:
    """Up to what it has seen: the first layer's rows depend on a token and its place alone."""
    model = open_text_model(folder)
    rolled, fresh = model.new_cache(5000), model.new_cache(5000)
    far = torch.arange(4700) % 250  # beyond the first tables of angles
    model.forward(rolled, torch.cat((IDS[:20], far[:4600], IDS[20:])))
    rolled.cut(20, 4620, model.rotary)
    model.forward(fresh, IDS)
    assert rolled.length == fresh.length == 60
    first = rolled.storage[0, 0, 0, :60], fresh.storage[0, 0, 0, :60]
    torch.testing.assert_close(*first, atol=2e-5, rtol=1e-5)


def test_with_one_layer_a_rolled_session_goes_on_as_a_fresh_one(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": 1}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    kept = {name: t for name, t in load_file(folder / "model.safetensors").items() if ".layers.1." not in name}
    save_file(kept, tmp_path / "model.safetensors")
    model = open_text_model(tmp_path)
    rolled, fresh = model.new_cache(60), model.new_cache(60)
    model.forward(rolled, IDS[:50])
    rolled.cut(10, 30, model.rotary)
    rolled.cut(15, 20, model.rotary)
    model.forward(fresh, torch.cat((IDS[:10], IDS[30:35], IDS[40:50])))
    ours, theirs = model.forward(rolled, IDS[50:]), model.forward(fresh, IDS[50:])
    torch.testing.assert_close(model.logits(ours), model.logits(theirs), atol=1e-4, rtol=1e-5)


def test_a_tied_head_is_the_table_of_embeddings(folder: Path, tmp_path: Path) -> None:
    """As it was released."""
    config = json.loads((folder / "config.json").read_text()) | {"tie_word_embeddings": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("lm_head.weight")
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    ours = open_text_model(tmp_path)
    theirs = MiniCPM3ForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.inference_mode():
        expected = theirs(IDS[None]).logits[0]
    torch.testing.assert_close(ours.logits(ours.forward(ours.new_cache(60), IDS)), expected, atol=1e-4, rtol=1e-5)


def test_a_config_in_the_released_style_is_understood(folder: Path, tmp_path: Path) -> None:
    """LongRoPE under its old name, fields for code that is not used, several ends of text."""
    config = json.loads((folder / "config.json").read_text())
    factors = [1.0, 1.1, 1.3, 1.7, 2.2, 3.0, 4.1, 5.0]
    rope = {"type": "longrope", "long_factor": factors, "short_factor": factors}
    config |= {"rope_scaling": rope | {"original_max_position_embeddings": 32768}, "eos_token_id": [2, 73440]}
    config |= {"auto_map": {"AutoConfig": "configuration_minicpm.MiniCPM3Config"}, "torch_dtype": "bfloat16"}
    for name in ("tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config))
    theirs = MiniCPM3ForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, attn_implementation="eager").eval()
    ours = open_text_model(tmp_path)
    with torch.inference_mode():
        expected = theirs(IDS[None]).logits[0]
    torch.testing.assert_close(ours.logits(ours.forward(ours.new_cache(60), IDS)), expected, atol=1e-4, rtol=1e-5)


def test_what_was_rewound_leaves_nothing(folder: Path, published: Tensor) -> None:
    model = open_text_model(folder)
    cache = model.new_cache(60)
    model.forward(cache, torch.cat((IDS[:30], IDS.flip(0)[:20])))
    cache.rewind(30)
    logits = model.logits(model.forward(cache, IDS[30:]))
    torch.testing.assert_close(logits, published[30:], atol=1e-4, rtol=1e-5)


def test_only_latents_are_kept(folder: Path) -> None:
    model = open_text_model(folder)
    cache, config = model.new_cache(100), model.config
    row = config.kv_lora_rank + config.qk_rope_head_dim
    assert cache.storage.numel() == config.num_hidden_layers * 100 * row


def test_a_damaged_or_another_checkpoint_is_told_before_anything_is_read(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.layers.1.self_attn.kv_b_proj.weight")
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(BadInput, match=r"layers\.1\.self_attn\.kv_b_proj"):
        open_text_model(tmp_path)
    with pytest.raises(BadInput, match="open_text_model"):
        open_model(folder)
    with pytest.raises(BadInput, match="open_model"):
        open_text_model(write_tiny(Kind.V26, tmp_path / "other"))


def test_loading_tells_how_far_it_is(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    TextModel(Checkpoint(folder), on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
