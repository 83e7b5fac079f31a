"""Pictures to rows of the language model: the tower looks, the resampler sums up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dialogue.minicpm.checkpoint import Checkpoint
from dialogue.minicpm.kind import kind_of
from dialogue.minicpm.resampler import Resampler
from dialogue.minicpm.slicing import Plan, Slice, SliceRule, cut, sizes_of
from dialogue.minicpm.vision_tower import VisionTower

TOWER, RESAMPLER = "vpm.", "resampler."


@dataclass(frozen=True, eq=False)
class Sight:
    """Weights and rules, shared by all sessions. `together` slices go through the tower at a time."""

    tower: VisionTower
    resampler: Resampler
    rule: SliceRule
    together: int

    @classmethod
    def of(cls, checkpoint: Checkpoint, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Sight:
        config = checkpoint.config
        return cls(
            tower=checkpoint.fill(blank_tower(checkpoint), TOWER, dtype, device),
            resampler=checkpoint.fill(blank_resampler(checkpoint), RESAMPLER, dtype, device),
            rule=SliceRule.from_config(config),
            together=int(config.get("vision_batch_size", 16)),
        )

    @property
    def queries(self) -> int:
        """Rows that one slice becomes."""
        return self.resampler.query.shape[0]

    def cut(self, rgb: NDArray[np.uint8], max_slices: int | None = None) -> tuple[Plan, list[Slice]]:
        """A picture's plan and slices; `max_slices` overrides the checkpoint's limit (1 for video)."""
        return cut(rgb, self.rule if max_slices is None else replace(self.rule, max_slices=max_slices))

    @torch.inference_mode()
    def rows(self, slices: Sequence[Slice]) -> Tensor:
        """(slices, queries, width). In models that see a request's slices side by side, give them all at once."""
        step = len(slices) if self.tower.one_row else self.together
        groups = [slices[start : start + step] for start in range(0, len(slices), step)]
        return torch.cat([self.resampler(self.tower(group), sizes_of(group)) for group in groups])


def blank_tower(checkpoint: Checkpoint) -> VisionTower:
    """Without weights."""
    positions, _ = checkpoint.shape(f"{TOWER}embeddings.position_embedding.weight")
    layers = checkpoint.layers(f"{TOWER}encoder.layers.")
    one_row = kind_of(checkpoint.config).nested
    with torch.device("meta"):
        return VisionTower(checkpoint.config["vision_config"], layers, positions, one_row)


def blank_resampler(checkpoint: Checkpoint) -> Resampler:
    """Without weights."""
    queries, width = checkpoint.shape(f"{RESAMPLER}query")
    _, features = checkpoint.shape(f"{RESAMPLER}kv_proj.weight")
    with torch.device("meta"):
        return Resampler(queries, width, features)
