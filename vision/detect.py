"""Finds things of 80 kinds (COCO) in one picture. Scores are low and single looks err: `tracking` takes the vote.

One picture can be looked at in several ways (`View`). Their mistakes differ, so that even a picture that stands
still can be voted on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
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

LIKELY = 0.45  # the score from which one look alone is worth telling


@dataclass(frozen=True, slots=True)
class Detection:
    """A thing called `label`, seen in one look with `score` 0..1."""

    label: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class View:
    """A way to look: the picture is shrunk to about `side` x `side` pixels' worth, and `mirrored`."""

    side: int = 416
    mirrored: bool = False


# On photos of an evaluation the mean of these three found 94 % of the things with 5 wrong ones in 88 pictures;
# the first alone, at 0.45, 93 % with 9.
VIEWS = (View(), View(mirrored=True), View(side=320, mirrored=True))

_STEP = 32  # the coarsest stride: the network's sides are multiples of it
_NARROWEST, _LONGEST = 128, 704


class Detector:
    """Weights only, shared by all sessions and threads. `threads` is what one look may use."""

    def __init__(self, weights_path: Path | str, threads: int = 1) -> None:
        """Raises ValueError when the file is not the detector's weights."""
        try:
            self._network = NanoDet(load_file(weights_path), _fast_type())
        except (OSError, SafetensorError, KeyError) as error:
            raise ValueError(
                f"{weights_path} does not hold the detector's weights ({error}); restore it from the repository"
            ) from error
        self._threads = threads

    def detect(self, rgb: Pixels, view: View = VIEWS[0], least: float = LIKELY) -> list[Detection]:
        """Everything seen with a score of at least `least`, best first. Blocks for 10 to 30 ms."""
        height, width = rgb.shape[:2]
        columns, rows = _network_size(width, height, view.side)
        small = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
        bgr = np.ascontiguousarray(small[:, ::-1, ::-1] if view.mirrored else small[:, :, ::-1])
        with _threads(self._threads):
            boxes, scores, kinds = decode(self._network(bgr), columns, rows, least)
        if view.mirrored:
            boxes = np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], 1)
        found = zip(boxes.tolist(), scores.tolist(), kinds.tolist(), strict=True)
        return [Detection(KINDS[kind], score, tuple(box)) for box, score, kind in found]

    def warm_up(self) -> None:
        """Look at nothing in each common shape, so that no later look pays for first times."""
        for height, width in ((480, 640), (720, 1280), (640, 480)):
            for view in VIEWS:
                self.detect(np.zeros((height, width, 3), np.uint8), view)


def _network_size(width: int, height: int, side: int) -> tuple[int, int]:
    """(columns, rows) of about side² pixels in the picture's shape. Very long pictures are squeezed into 1:5.5."""
    shrink = side / math.sqrt(width * height)
    columns, rows = (round(length * shrink / _STEP) * _STEP for length in (width, height))
    return min(max(columns, _NARROWEST), _LONGEST), min(max(rows, _NARROWEST), _LONGEST)


def _fast_type() -> torch.dtype:
    """bfloat16 takes less than half the time of float32, but only where the processor computes in it."""
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """torch with `count` threads; in this thread only, since torch keeps the number per thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
