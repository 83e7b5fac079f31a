"""Identifies the member of the MiniCPM family that a config describes, and how members differ beyond sizes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import Family

NATIVE_TYPES = ("minicpmv", "minicpmo", "minicpm3", "minicpm")  # model types of the family: run natively or refused

# What is missing for members that do not run, by type and version, as far as their public files say. MiniCPM5 is of the
# type llama and runs as a chat model.
MISSING: Mapping[str, str] = {
    "minicpmv 2.0": "MiniCPM-V 2.0 does not run here: its language model, MiniCPM 2, scales embeddings, residuals and "
    "logits, which our decoder does not.",
    "minicpmv 4.0": "MiniCPM-V 4.0 does not run here: its language model, MiniCPM4, scales embeddings, residuals and "
    "logits, which our decoder does not.",
    "minicpmv 4.5": "MiniCPM-V 4.5 does not run here: its resampler, which joins frames of a film in time and space, "
    "is not written.",
    "minicpm": "Text models of the type minicpm (MiniCPM 1, 2 and 4) do not run here: they scale embeddings, residuals "
    "and logits, and some have sparse attention, which our decoder does not have.",
}


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
    def group(self) -> int:
        """Weights that share a scale at 4 bits. With 256 the 4B model needs the 2.2 GB that its makers name."""
        return 256 if self is Kind.TEXT3 else 64

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
    if missing := MISSING.get(f"{model} {version}".strip()):
        raise BadInput(f"{missing} Run one of {', '.join(kind.value for kind in Kind)}.")
    raise BadInput(f"A model of type {model!r}, version {version!r}, is not one of {[kind.value for kind in Kind]}.")
