"""Inspects a downloaded model of any supported family from its configuration and file headers."""

from __future__ import annotations

from pathlib import Path

from dialogue.image_text.inspection import inspect_image_text
from dialogue.llm.checkpoints.decoder_config import CHAT_TYPES
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.minicpm.checkpoints.inspection import inspect_native
from dialogue.minicpm.kind import NATIVE_TYPES
from dialogue.sizing.chat_inspection import inspect_chat, inspect_gguf
from dialogue.sizing.inspection import Inspection


def inspect(path: Path) -> Inspection:
    """Inspect a downloaded folder, a folder with only config.json, or a .gguf file.

    Raises BadInput where it cannot be opened at all: a missing or truncated file, an unsupported model.
    """
    if path.is_file():
        return inspect_gguf(path)
    kind = read_json(path / "config.json").get("model_type")
    here = any(path.glob("*.safetensors")) or len(list(path.iterdir())) > 1  # else config.json alone
    if kind in CHAT_TYPES:
        return inspect_chat(path, here)
    if kind in NATIVE_TYPES:
        return inspect_native(path, here)
    return inspect_image_text(path, here)
