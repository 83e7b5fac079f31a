"""Finds faces, so that a person whose body is not in view counts: at a desk, close to the camera.

The network is CenterFace (Xu et al., 2020; github.com/Star-Clouds/CenterFace, MIT): a heat map of face centres at a
quarter of the input's size, with the logarithm of each face's height and width and the offset of its centre.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.box import Box, inside
from vision.detect import LIKELY, VIEWS, Detection, Detector, DetectorView
from vision.picture import Pixels

_SIDE = 256  # pixels of the longer side: faces from a fourteenth of the picture's width on
_STEP, _STRIDE = 32, 4
_OUTPUTS = ("537", "538", "539", "540")  # heat map, sizes, offsets, landmarks
_SURE = 0.6  # in sample photos and composites, all faces of that size pass, and nothing else
_SAME_FACE = 0.3
# A body around a face, in sizes of the face: to each side, above and below.
_BESIDE, _ABOVE, _BELOW = 0.8, 0.3, 3.0


class Faces:
    """The network. One thread at a time uses it."""

    def __init__(self, weights_path: Path | str) -> None:
        """Raises ValueError if the file is not the network."""
        try:
            self._network = cv2.dnn.readNetFromONNX(str(weights_path))
        except cv2.error as error:
            raise ValueError(f"{weights_path} does not contain the network that finds faces: pull it again.") from error
        self._lock = threading.Lock()

    def find(self, rgb: Pixels) -> list[tuple[float, Box]]:
        """(score, box) of each face, best first. Blocks for about 10 ms."""
        height, width = rgb.shape[:2]
        shrink = _SIDE / max(width, height)
        size = [max(_STEP, math.ceil(side * shrink / _STEP) * _STEP) for side in (width, height)]
        with self._lock:
            self._network.setInput(cv2.dnn.blobFromImage(rgb, 1.0, (size[0], size[1])))
            heat, sizes, offsets, _ = (np.asarray(each)[0] for each in self._network.forward(_OUTPUTS))
        scores, boxes = _decoded(heat[0], sizes, offsets, (size[0], size[1]))
        kept = np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), _SURE, _SAME_FACE), np.int64).reshape(-1)
        return [(float(scores[at]), _fractions(boxes[at])) for at in kept]


class PeopleDetector(Detector):
    """A detector for which a face is a person too."""

    def __init__(self, weights_path: Path | str, faces: Faces, threads: int = 1) -> None:
        super().__init__(weights_path, threads)
        self._faces = faces
        self._searched: tuple[Pixels, list[tuple[float, Box]]] | None = None  # the last picture, seen in several views

    def detect(self, rgb: Pixels, view: DetectorView = VIEWS[0], min_score: float = LIKELY) -> list[Detection]:
        """As a Detector's, with faces, whose scores are high enough always."""
        searched = self._searched
        if searched is None or searched[0] is not rgb:
            self._searched = searched = rgb, self._faces.find(rgb)
        return with_faces(super().detect(rgb, view, min_score), searched[1])


def _decoded(
    heat: NDArray[np.float32], sizes: NDArray[np.float32], offsets: NDArray[np.float32], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores (n,) and boxes (n, 4) as left, top, width, height in fractions."""
    rows, columns = np.nonzero(heat > _SURE)
    high, wide = np.exp(sizes[:, rows, columns]) * _STRIDE
    top = (rows + offsets[0, rows, columns] + 0.5) * _STRIDE - high / 2
    left = (columns + offsets[1, rows, columns] + 0.5) * _STRIDE - wide / 2
    across, down = size
    return heat[rows, columns], np.stack([left / across, top / down, wide / across, high / down], 1)


def _fractions(box: NDArray[np.float32]) -> Box:
    left, top, wide, high = (float(side) for side in box)
    return max(0.0, left), max(0.0, top), min(1.0, left + wide), min(1.0, top + high)


def with_faces(found: list[Detection], faces: list[tuple[float, Box]]) -> list[Detection]:
    """The detections, the persons among them with the score of their faces, and a person for each other face."""
    people = [detection for detection in found if detection.label == "person"]
    for score, face in faces:
        owners = [person for person in people if inside(face, person.box) >= 0.7]
        if owners:
            owner = max(owners, key=lambda person: person.score)
            people[people.index(owner)] = Detection("person", max(score, owner.score), owner.box)
        else:
            people.append(Detection("person", score, _body(face)))
    others = [detection for detection in found if detection.label != "person"]
    return sorted([*people, *others], key=lambda detection: -detection.score)


def _body(face: Box) -> Box:
    left, top, right, bottom = face
    wide, high = right - left, bottom - top
    return (
        max(0.0, left - _BESIDE * wide),
        max(0.0, top - _ABOVE * high),
        min(1.0, right + _BESIDE * wide),
        min(1.0, bottom + _BELOW * high),
    )
