"""Detects objects of 80 classes (COCO) in one picture. Scores are low and single detections err: `tracking` votes.

The detector can see one picture in several ways (`DetectorView`). Their mistakes differ, so even a still picture can be
voted on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from vision.box import Box
from vision.nanodet import NanoDet, decode
from vision.picture import Pixels
from vision.torch_threads import torch_threads

KINDS = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light"),
    *("fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow"),
    *("elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee"),
    *("skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard"),
    *("tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch"),
    *("potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear"),
    *("hair drier", "toothbrush"),
)

LIKELY = 0.45  # the score from which a single detection is worth reporting


@dataclass(frozen=True, slots=True)
class Detection:
    """An object called `label`, detected in one pass with `score` 0..1."""

    label: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class DetectorView:
    """A test-time variant of a picture: reduced to about `side` x `side` pixels in area, and perhaps `mirrored`."""

    side: int = 416
    mirrored: bool = False


# In an evaluation on 88 photos the mean of these three found 94 % of the objects with 5 false ones; the first alone,
# at 0.45, 93 % with 9.
VIEWS = (DetectorView(), DetectorView(mirrored=True), DetectorView(side=320, mirrored=True))

_STEP = 32  # the coarsest stride: the sides of the network's input are multiples of it
_MIN_SIDE, _MAX_SIDE = 128, 704


class Detector:
    """The weights, shared by all sessions and threads. One pass uses `threads` threads."""

    def __init__(self, weights_path: Path | str, threads: int = 1) -> None:
        """Raises ValueError if the file does not contain the detector's weights."""
        try:
            self._network = NanoDet(load_file(weights_path), _fast_type())
        except (OSError, SafetensorError, KeyError) as error:
            raise ValueError(
                f"{weights_path} does not contain the detector's weights ({error}): restore it from the repository."
            ) from error
        self._threads = threads

    def detect(self, rgb: Pixels, view: DetectorView = VIEWS[0], min_score: float = LIKELY) -> list[Detection]:
        """All detections with a score of at least `min_score`, best first. Blocks for 10 to 30 ms."""
        height, width = rgb.shape[:2]
        columns, rows = _network_size(width, height, view.side)
        small = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
        bgr = np.ascontiguousarray(small[:, ::-1, ::-1] if view.mirrored else small[:, :, ::-1])
        with torch_threads(self._threads):
            boxes, scores, kinds = decode(self._network(bgr), columns, rows, min_score)
        if view.mirrored:
            boxes = np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], 1)
        found = zip(boxes.tolist(), scores.tolist(), kinds.tolist(), strict=True)
        return [Detection(KINDS[kind], score, tuple(box)) for box, score, kind in found]

    def warm_up(self) -> None:
        """Runs on an empty picture of each common shape, so that the first real calls are not slower."""
        for height, width in ((480, 640), (720, 1280), (640, 480)):
            for view in VIEWS:
                self.detect(np.zeros((height, width, 3), np.uint8), view)


def _network_size(width: int, height: int, side: int) -> tuple[int, int]:
    """(columns, rows) of about side² pixels in the picture's shape. Longer pictures are squeezed to 1:5.5."""
    shrink = side / math.sqrt(width * height)
    columns, rows = (round(length * shrink / _STEP) * _STEP for length in (width, height))
    return min(max(columns, _MIN_SIDE), _MAX_SIDE), min(max(rows, _MIN_SIDE), _MAX_SIDE)


def _fast_type() -> torch.dtype:
    """bfloat16 takes less than half the time of float32, but only if the processor supports it."""
    capabilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else torch.float32
