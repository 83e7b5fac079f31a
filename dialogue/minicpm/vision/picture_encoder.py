"""Encodes pictures as rows of the language model, with the vision tower and the resampler."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dialogue.llm.batching import Stage
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.minicpm.kind import kind_of
from dialogue.minicpm.vision.resampler import PerceiverResampler
from dialogue.minicpm.vision.slicing import Plan, Slice, SliceRule, cut, sizes_of
from dialogue.minicpm.vision.vision_tower import VisionTower

TOWER, RESAMPLER = "vpm.", "resampler."


@dataclass(frozen=True, eq=False)
class PictureEncoder:
    """Weights and slicing rule, shared by all sessions. `tower_batch` is the number of slices in one pass
    of the tower."""

    tower: VisionTower
    resampler: PerceiverResampler
    rule: SliceRule
    tower_batch: int

    @classmethod
    def of(cls, checkpoint: Checkpoint, dtype: torch.dtype = torch.float32, device: str = "cpu") -> PictureEncoder:
        config = checkpoint.config
        return cls(
            tower=checkpoint.fill(blank_tower(checkpoint), TOWER, dtype, device),
            resampler=checkpoint.fill(blank_resampler(checkpoint), RESAMPLER, dtype, device),
            rule=SliceRule.from_config(config),
            tower_batch=int(config.get("vision_batch_size", 16)),
        )

    @property
    def queries(self) -> int:
        """Rows of one slice."""
        return self.resampler.query.shape[0]

    def cut(self, rgb: NDArray[np.uint8], max_slices: int | None = None) -> tuple[Plan, list[Slice]]:
        """The plan and the slices of a picture; `max_slices` overrides the checkpoint's limit (1 for video)."""
        return cut(rgb, self.rule if max_slices is None else replace(self.rule, max_slices=max_slices))

    @torch.inference_mode()
    def rows(self, slices: Sequence[Slice]) -> Tensor:
        """(slices, queries, width). In 2.5, where slices of a request see each other, pass all of them at once."""
        step = len(slices) if self.tower.one_row else self.tower_batch
        groups = [slices[start : start + step] for start in range(0, len(slices), step)]
        return torch.cat([self.resampler(self.tower(group), sizes_of(group)) for group in groups])


@dataclass(frozen=True, slots=True, eq=False)
class EncodePictures:
    """Slices -> rows (slices, queries, width). Slices of one shape share a pass without padding."""

    vision: PictureEncoder
    slices: Sequence[Slice]
    stage: Stage = Stage.LOOK

    def batch_key(self) -> Hashable:
        # In 2.5 the rows of a slice depend on the other slices of the pass: each request is computed alone.
        return (id(self.vision), id(self)) if self.vision.tower.one_row else id(self.vision)

    def compute_batch(self, requests: Sequence[EncodePictures]) -> list[Tensor]:
        if len(requests) == 1:
            return [self.vision.rows(self.slices)]
        joined = [one for request in requests for one in request.slices]
        by_shape: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, size in enumerate(sizes_of(joined)):
            by_shape[size].append(index)
        order = [index for indices in by_shape.values() for index in indices]
        made = torch.cat([self.vision.rows([joined[index] for index in indices]) for indices in by_shape.values()])
        return list(made[torch.tensor(order).argsort()].split([len(request.slices) for request in requests]))


def blank_tower(checkpoint: Checkpoint) -> VisionTower:
    """A tower without weights, on the meta device."""
    positions, _ = checkpoint.shape(f"{TOWER}embeddings.position_embedding.weight")
    layers = checkpoint.layers(f"{TOWER}encoder.layers.")
    one_row = kind_of(checkpoint.config).nested
    with torch.device("meta"):
        return VisionTower(checkpoint.config["vision_config"], layers, positions, one_row)


def blank_resampler(checkpoint: Checkpoint) -> PerceiverResampler:
    """A resampler without weights, on the meta device."""
    queries, width = checkpoint.shape(f"{RESAMPLER}query")
    _, features = checkpoint.shape(f"{RESAMPLER}kv_proj.weight")
    with torch.device("meta"):
        return PerceiverResampler(queries, width, features)
