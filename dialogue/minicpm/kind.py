"""Which member of the family a config describes, and what tells them apart beyond sizes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import Family


class Kind(Enum):
    """The values are the names people know them by."""

    V25 = "MiniCPM-Llama3-V 2.5"
    V26 = "MiniCPM-V 2.6"
    O26 = "MiniCPM-o 2.6"
    O45 = "MiniCPM-o 4.5"
    TEXT3 = "MiniCPM3"

    @property
    def family(self) -> Family:
        """Whose language model it has."""
        families: dict[Kind, Family] = {Kind.V25: "llama", Kind.V26: "qwen2", Kind.O26: "qwen2", Kind.O45: "qwen3"}
        return families[self]

    @property
    def nested(self) -> bool:
        """Whether crops carry image tags of their own, and slices are seen as one row."""
        return self is Kind.V25

    @property
    def hears(self) -> bool:
        return self in (Kind.O26, Kind.O45)

    @property
    def sees(self) -> bool:
        return self is not Kind.TEXT3


def is_text_model(folder: Path) -> bool:
    """Whether a downloaded folder holds MiniCPM3. What else is wrong with it is told when it is opened."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == "minicpm3"


def is_kind(config: Mapping[str, Any], *kinds: Kind) -> bool:
    """Whether a config.json describes one of these kinds."""
    try:
        return kind_of(config) in kinds
    except BadInput:
        return False


def kind_of(config: Mapping[str, Any]) -> Kind:
    """Raises BadInput for models that are not of the family, or that transformers runs by itself."""
    model, version = str(config.get("model_type", "")), str(config.get("version", ""))
    if model == "minicpm3":
        return Kind.TEXT3
    if model == "minicpmo":
        return Kind.O26 if version.startswith("2") else Kind.O45
    if model == "minicpmv" and version in ("", "2.5", "2.6"):
        # The first of them was released without a version; its tower's config says idefics2.
        old = (config.get("vision_config") or {}).get("model_type") == "idefics2" or version == "2.5"
        return Kind.V25 if old else Kind.V26
    raise BadInput(f"A model of type {model!r}, version {version!r}, is not one of {[kind.value for kind in Kind]}.")
