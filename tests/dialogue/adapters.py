"""LoRA adapters with random weights, as PEFT saves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from dialogue.llm.checkpoints.adapter import CONFIG, WEIGHTS

RANK = 4


def write_adapter(folder: Path, products: Mapping[str, tuple[int, int]], seed: int = 0) -> Path:
    """`products` are names of matrices and their (outputs, inputs)."""
    folder.mkdir(parents=True)
    chance = torch.Generator().manual_seed(seed)
    parts = {}
    for name, (outputs, inputs) in products.items():
        parts[f"base_model.model.{name}.lora_A.weight"] = torch.randn(RANK, inputs, generator=chance) / inputs**0.5
        parts[f"base_model.model.{name}.lora_B.weight"] = torch.randn(outputs, RANK, generator=chance)
    save_file(parts, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps({"peft_type": "LORA", "lora_alpha": RANK, "r": RANK}))
    return folder
