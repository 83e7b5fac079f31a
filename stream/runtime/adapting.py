"""LoRA adapters of the language model that a session switches: what the user chooses, and what the page shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AdapterChosen:
    """The adapter with which replies are written from the next one on; "" for none."""

    name: str


@dataclass(frozen=True, slots=True)
class AdapterInUse:
    """The adapters that this session can use, by name, and the one that it uses; "" for none."""

    names: tuple[str, ...]
    name: str
