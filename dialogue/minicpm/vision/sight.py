"""Pictures to rows of the language model: the tower looks, the resampler sums up."""

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
    """Weights and rules, shared by all sessions. `together` slices go through the tower at a time."""

    tower: VisionTower
    resampler: PerceiverResampler
    rule: SliceRule
    together: int

    @classmethod
    def of(cls, checkpoint: Checkpoint, dtype: torch.dtype = torch.float32, device: str = "cpu") -> PictureEncoder:
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


@dataclass(frozen=True, slots=True, eq=False)
class EncodePictures:
    """Slices -> rows (slices, queries, width). Slices of one shape, whosever they are, share a pass without padding."""

    sight: PictureEncoder
    slices: Sequence[Slice]
    stage: Stage = Stage.LOOK

    def alike(self) -> Hashable:
        # In 2.5 a slice looks different beside others of another request: there, each request goes alone.
        return (id(self.sight), id(self)) if self.sight.tower.one_row else id(self.sight)

    def together(self, requests: Sequence[EncodePictures]) -> list[Tensor]:
        if len(requests) == 1:
            return [self.sight.rows(self.slices)]
        joined = [one for request in requests for one in request.slices]
        of_shape: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, size in enumerate(sizes_of(joined)):
            of_shape[size].append(place)
        order = [place for places in of_shape.values() for place in places]
        made = torch.cat([self.sight.rows([joined[place] for place in places]) for places in of_shape.values()])
        return list(made[torch.tensor(order).argsort()].split([len(request.slices) for request in requests]))


def blank_tower(checkpoint: Checkpoint) -> VisionTower:
    """Without weights."""
    positions, _ = checkpoint.shape(f"{TOWER}embeddings.position_embedding.weight")
    layers = checkpoint.layers(f"{TOWER}encoder.layers.")
    one_row = kind_of(checkpoint.config).nested
    with torch.device("meta"):
        return VisionTower(checkpoint.config["vision_config"], layers, positions, one_row)


def blank_resampler(checkpoint: Checkpoint) -> PerceiverResampler:
    """Without weights."""
    queries, width = checkpoint.shape(f"{RESAMPLER}query")
    _, features = checkpoint.shape(f"{RESAMPLER}kv_proj.weight")
    with torch.device("meta"):
        return PerceiverResampler(queries, width, features)
