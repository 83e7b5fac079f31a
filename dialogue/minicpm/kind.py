"""Identifies the member of the MiniCPM family that a config describes, and how members differ beyond sizes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import Family

NATIVE_TYPES = ("minicpmv", "minicpmo", "minicpm3")  # model types of the family: run natively or refused


class Kind(Enum):
    """Members of the family; values are their public names."""

    V25 = "MiniCPM-Llama3-V 2.5"
    V26 = "MiniCPM-V 2.6"
    O26 = "MiniCPM-o 2.6"
    O45 = "MiniCPM-o 4.5"
    TEXT3 = "MiniCPM3"

    @property
    def family(self) -> Family:
        """The architecture of the language model."""
        families: dict[Kind, Family] = {Kind.V25: "llama", Kind.V26: "qwen2", Kind.O26: "qwen2", Kind.O45: "qwen3"}
        return families[self]

    @property
    def nested(self) -> bool:
        """Whether crops have image tags of their own, and the tower treats a slice as one row."""
        return self is Kind.V25

    @property
    def hears(self) -> bool:
        return self in (Kind.O26, Kind.O45)

    @property
    def sees(self) -> bool:
        return self is not Kind.TEXT3


def is_kind(config: Mapping[str, Any], *kinds: Kind) -> bool:
    """Whether a config.json describes one of these kinds."""
    try:
        return kind_of(config) in kinds
    except BadInput:
        return False


def kind_of(config: Mapping[str, Any]) -> Kind:
    """The kind of a config. Raises BadInput for models outside the family, or that transformers classes run."""
    model, version = str(config.get("model_type", "")), str(config.get("version", ""))
    if model == "minicpm3":
        return Kind.TEXT3
    if model == "minicpmo":
        return Kind.O26 if version.startswith("2") else Kind.O45
    if model == "minicpmv" and version in ("", "2.5", "2.6"):
        # The first release has no version; the config of its tower says idefics2.
        old = (config.get("vision_config") or {}).get("model_type") == "idefics2" or version == "2.5"
        return Kind.V25 if old else Kind.V26
    raise BadInput(f"A model of type {model!r}, version {version!r}, is not one of {[kind.value for kind in Kind]}.")
