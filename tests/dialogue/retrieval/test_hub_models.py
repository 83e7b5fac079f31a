"""Embedders and cross-encoders of the hub give what their own classes give; MiniCPM's what its equations give.

Also tests `encoder.py`.
"""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from dialogue.errors import BadInput
from dialogue.retrieval.hub_models import CrossEncoder, HubEmbedder

WORDS = "[PAD] [UNK] <s> </s> Query : the boat is red green house bread who sells".split()  # noqa: SIM905
TEXTS = ["the boat is red", "who sells bread", "the house"]
BERT = BertConfig(
    vocab_size=len(WORDS),
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=48,
    max_position_embeddings=64,
    num_labels=1,
)
MINICPM = {
    "model_type": "minicpm",
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-5,
    "scale_emb": 12,
    "scale_depth": 1.4,
    "dim_model_base": 8,
    "max_position_embeddings": 64,
}


def write_words(folder: Path) -> Any:
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", bos_token="<s>", eos_token="</s>"
    )
    fast.save_pretrained(folder)
    return fast


def bert(folder: Path, kind: Any = BertModel) -> tuple[Any, Any]:
    torch.manual_seed(1)
    model = kind(BERT).eval()
    model.save_pretrained(folder)
    return model, write_words(folder)


def hidden_of(model: Any, read: Any) -> Tensor:
    with torch.inference_mode():
        return torch.as_tensor(model(**read).last_hidden_state)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_an_embedder_pools_and_prefixes_as_its_files_say(tmp_path: Path, pooling: str) -> None:
    model, words = bert(tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    said = {"pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean"}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(said))
    prompts = {"prompts": {"query": "Query : "}}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    embedder = HubEmbedder(tmp_path)
    for given, found in (
        (TEXTS, embedder.passages(TEXTS)),
        ([f"Query : {t}" for t in TEXTS], embedder.question(TEXTS)),
    ):
        for text, vector in zip(given, found, strict=True):
            hidden = hidden_of(model, words([text], return_tensors="pt"))[0]
            wanted = hidden[0] if pooling == "cls" else hidden.mean(0)
            np.testing.assert_allclose(vector, functional.normalize(wanted, dim=-1).numpy(), atol=1e-5)
    assert embedder.width == 32 and -1 < embedder.unrelated < 1


def test_a_cross_encoder_scores_pairs(tmp_path: Path) -> None:
    model, words = bert(tmp_path, BertForSequenceClassification)
    scores = CrossEncoder(tmp_path)("who sells bread", TEXTS)
    for text, score in zip(TEXTS, scores, strict=True):
        with torch.inference_mode():
            logit = model(**words("who sells bread", text, return_tensors="pt")).logits[0, 0]
        assert score == pytest.approx(float(logit.sigmoid()), abs=1e-5)


def minicpm(folder: Path) -> dict[str, Tensor]:
    """A tiny checkpoint with random weights under the names of the family."""
    torch.manual_seed(2)
    width, wide = 32, 48
    shapes = {"embed_tokens.weight": (len(WORDS), width), "norm.weight": (width,)}
    for layer in range(3):
        at = f"layers.{layer}."
        shapes |= {f"{at}self_attn.{name}_proj.weight": (width, width) for name in "qkvo"}
        shapes |= {f"{at}mlp.{name}_proj.weight": (wide, width) for name in ("gate", "up")}
        shapes |= {f"{at}mlp.down_proj.weight": (width, wide)}
        shapes |= {f"{at}{name}_layernorm.weight": (width,) for name in ("input", "post_attention")}
    weights = {f"model.{name}": torch.randn(shape) * (0.2 if len(shape) > 1 else 1.0) for name, shape in shapes.items()}
    weights["score.weight"] = torch.randn(1, width)
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(MINICPM))
    return weights


def projected(weights: dict[str, Tensor], at: str, x: Tensor, name: str) -> Tensor:
    return x @ weights[f"model.{at}{name}_proj.weight"].T


def by_the_equations(weights: dict[str, Tensor], ids: list[int]) -> Tensor:
    """MiniCPM-2B's forward pass with attention in both directions, written from its equations; (T, width)."""

    def norm(x: Tensor, name: str) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weights[f"model.{name}.weight"]

    def turned(x: Tensor) -> Tensor:  # (T, heads, 8)
        angles = torch.arange(len(ids))[:, None] * 10000.0 ** (-torch.arange(0, 8, 2) / 8)
        cos, sin = (torch.cat((part, part), -1)[:, None] for part in (angles.cos(), angles.sin()))
        return x * cos + torch.cat((-x[..., 4:], x[..., :4]), -1) * sin

    x, residual = weights["model.embed_tokens.weight"][ids] * 12, 1.4 / math.sqrt(3)
    for layer in range(3):
        at = f"layers.{layer}."
        product = partial(projected, weights, at)
        y = norm(x, f"{at}input_layernorm")
        q, k, v = (product(y, f"self_attn.{name}").view(len(ids), 4, 8) for name in "qkv")
        scores = torch.einsum("thd,shd->hts", turned(q), turned(k)) / math.sqrt(8)
        mixed = torch.einsum("hts,shd->thd", scores.softmax(-1), v).flatten(1)
        x = x + residual * product(mixed, "self_attn.o")
        y = norm(x, f"{at}post_attention_layernorm")
        x = x + residual * product(functional.silu(product(y, "mlp.gate")) * product(y, "mlp.up"), "mlp.down")
    return norm(x, "norm")


def test_minicpm_embedding_follows_its_equations_in_batches_too(tmp_path: Path) -> None:
    weights, words = minicpm(tmp_path), write_words(tmp_path)
    embedder = HubEmbedder(tmp_path)
    for text, vector in zip(TEXTS, embedder.question(TEXTS), strict=True):
        hidden = by_the_equations(weights, words(f"Query: {text}")["input_ids"])
        places = torch.arange(1, len(hidden) + 1)[:, None]
        wanted = functional.normalize((hidden * places).sum(0), dim=-1)
        np.testing.assert_allclose(vector, wanted.numpy(), atol=1e-4)


def test_minicpm_reranker_reads_question_and_text_in_its_form(tmp_path: Path) -> None:
    weights, words = minicpm(tmp_path), write_words(tmp_path)
    for text, score in zip(TEXTS, CrossEncoder(tmp_path)("who sells bread", TEXTS), strict=True):
        ids = words(f"<s>Query: who sells bread</s>{text}", add_special_tokens=False)["input_ids"]
        logit = by_the_equations(weights, ids)[-1] @ weights["score.weight"][0]
        assert score == pytest.approx(float(logit.sigmoid()), abs=1e-4)


def test_what_would_embed_otherwise_is_refused(tmp_path: Path) -> None:
    bert(tmp_path)
    kinds = [{"type": f"sentence_transformers.models.{kind}"} for kind in ("Transformer", "Pooling", "Dense")]
    (tmp_path / "modules.json").write_text(json.dumps(kinds))
    with pytest.raises(BadInput, match="Dense"):
        HubEmbedder(tmp_path)
    (own := tmp_path / "own").mkdir()
    (own / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": {"AutoModel": "code.Model"}}))
    with pytest.raises(BadInput, match="without code of its own"):
        CrossEncoder(own)("a", ["b"])
