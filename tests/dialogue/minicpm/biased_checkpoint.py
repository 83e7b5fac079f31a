"""Tiny checkpoints with a token bias, so that random weights write letters, listen and end their replies.

One channel of the hidden state is constant, so the head's weights of that channel act as a bias.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny

CONSTANT = 10.0
ALPHABET = f"{string.ascii_lowercase}.,"
SPEAKS = {
    Kind.O26: {"<|im_end|>": 2.2},
    Kind.O45: {"<|listen|>": 5.0, "<|speak|>": 4.0, "<|chunk_eos|>": 3.4, "<|turn_eos|>": 4.6},
}


def write_biased_checkpoint(kind: Kind, folder: Path, seed: int = 0, biases: Mapping[str, float] | None = None) -> Path:
    """Write a checkpoint whose replies are mostly letters and end. `biases` overrides the bias of tokens."""
    write_tiny(kind, folder, seed)
    words = Vocabulary(folder / "tokenizer.json")
    bias = torch.full((len(words),), -30.0)
    for letter in set(ALPHABET):
        bias[words.encode(letter, begin=False)[0]] = 2.0
    bias[words.encode(" ", begin=False)[0]] = 4.0
    for token, value in {**SPEAKS[kind], **(biases or {})}.items():
        bias[words.id(token)] = value
    path = folder / "model.safetensors"
    tensors = load_file(path)
    width = tensors["llm.lm_head.weight"].shape[1]
    level = CONSTANT / ((CONSTANT**2 + 1.5 * (width - 1)) / width) ** 0.5
    tensors["llm.lm_head.weight"][:, 0] = (bias / level).to(torch.bfloat16)
    tensors["llm.model.norm.weight"][0] = 1.0
    tensors["llm.model.embed_tokens.weight"][:, 0] = CONSTANT
    for name, tensor in tensors.items():
        if name.startswith("llm.") and name.endswith(("o_proj.weight", "down_proj.weight")):
            tensor[0] = 0.0
    tensors["audio_projection_layer.linear2.weight"][0] = 0.0
    tensors["audio_projection_layer.linear2.bias"][0] = CONSTANT
    save_file(tensors, path, metadata={"format": "pt"})
    return folder
