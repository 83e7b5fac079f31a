"""Tiny chat models with random weights, a folder each, as a hub would give them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tests.dialogue.chat_templates import SPECIAL, TEMPLATES, byte_tokenizer
from tests.dialogue.llm.checkpoints.test_decoder_weights import ARCHITECTURES, write_gguf
from tests.dialogue.random_weights import RandomWeights

FAMILIES = ("llama3", "qwen2", "qwen3")
_CLASSES: dict[str, tuple[Any, Any]] = {
    "llama3": (LlamaConfig, LlamaForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}


def write_chat_model(
    family: str, folder: Path, *, template: str | None = None, head_dim: int = 64, tied: bool = True, seed: int = 0
) -> Any:
    """Writes all files of a download; returns transformers' model. `template` names one of TEMPLATES."""
    make_config, make_model = _CLASSES[family]
    words = PreTrainedTokenizerFast(
        tokenizer_object=byte_tokenizer(), chat_template=TEMPLATES[template or family], **SPECIAL[template or family]
    )
    heads = 2
    sizes = {"head_dim": head_dim} if family != "qwen2" else {}
    config = make_config(
        vocab_size=len(words), hidden_size=heads * head_dim, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=heads, num_key_value_heads=1, max_position_embeddings=2048, tie_word_embeddings=tied,
        bos_token_id=None, eos_token_id=words.eos_token_id, pad_token_id=None, **sizes,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = make_model(config).eval()
    for parameter in model.parameters():  # transformers begins with weights so small that every token is as likely
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
    model.generation_config.update(do_sample=False, eos_token_id=[words.eos_token_id])
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return model


def write_chat_gguf(family: str, path: Path) -> None:
    """A file as llama.cpp's converter writes it, its matrices in groups of 4 bits."""
    tokenizer = byte_tokenizer()
    architecture = "llama" if family == "llama3" else family
    config = replace(ARCHITECTURES[architecture], vocab_size=tokenizer.get_vocab_size())
    tokens = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    added = tokenizer.get_added_tokens_decoder()
    kinds = [(3 if added[number].special else 4) if number in added else 1 for number in range(len(tokens))]
    merges = [" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]

    def describe(writer: gguf.GGUFWriter) -> None:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list(tokens)
        writer.add_token_types(kinds)
        writer.add_token_merges(merges)
        writer.add_chat_template(TEMPLATES[family])
        writer.add_eos_token_id(tokens.index(SPECIAL[family]["eos_token"]))
        if "bos_token" in SPECIAL[family]:
            writer.add_bos_token_id(tokens.index(SPECIAL[family]["bos_token"]))

    write_gguf(path, architecture, config, RandomWeights(config), describe)
