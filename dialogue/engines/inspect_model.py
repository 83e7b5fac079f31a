"""Inspects a downloaded model of any family that runs here, from its configuration and file headers."""

from __future__ import annotations

from pathlib import Path

from dialogue.image_text.inspection import inspect_image_text
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.minicpm.checkpoints.inspection import inspect_native
from dialogue.sizing.chat_inspection import inspect_chat, inspect_gguf
from dialogue.sizing.inspection import Inspection

NATIVE = ("minicpmv", "minicpmo", "minicpm3")
CHAT = ("llama", "qwen2", "qwen3")


def inspect(path: Path) -> Inspection:
    """A downloaded folder, one with nothing but config.json, or a .gguf file. Raises BadInput where it cannot be opened
    at all: a missing or cut off file, another kind of model."""
    if path.is_file():
        return inspect_gguf(path)
    kind = read_json(path / "config.json").get("model_type")
    here = any(path.glob("*.safetensors")) or len(list(path.iterdir())) > 1  # a download without weights is not whole
    if kind in CHAT:
        return inspect_chat(path, here)
    if kind in NATIVE:
        return inspect_native(path, here)
    return inspect_image_text(path, here)
