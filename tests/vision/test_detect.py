"""Object detection with the real weights. Tests vision/nanodet.py as well.

Also tests `nanodet.py` and `torch_threads.py`.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.vision.conftest import WEIGHTS
from vision.box import overlap
from vision.detect import KINDS, VIEWS, Detector, DetectorView
from vision.picture import Pixels


def test_a_person_is_detected_in_the_right_place(detector: Detector, astronaut: Pixels) -> None:
    best = detector.detect(astronaut)[0]
    assert (best.label, best.score > 0.6) == ("person", True)
    assert overlap(best.box, (0.03, 0.03, 0.71, 1.0)) > 0.8


def test_two_people_are_detected_once_each(detector: Detector, two_people: Pixels) -> None:
    people = [found for found in detector.detect(two_people) if found.label == "person"]
    assert [round(found.box[0], 1) for found in sorted(people, key=lambda found: found.box[0])] == [0.0, 0.5]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_reports_boxes_of_the_original_picture(
    detector: Detector, two_people: Pixels, view: DetectorView
) -> None:
    right = max(detector.detect(two_people, view), key=lambda found: found.score)
    assert overlap(right.box, (0.54, 0.03, 1.0, 1.0)) > 0.8


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (50, 1000), (1600, 80), (7, 3000)])
def test_pictures_of_any_shape_are_accepted(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.full((*shape, 3), 90, np.uint8)) == []


def test_boxes_lie_in_the_picture(detector: Detector, hopper: Pixels) -> None:
    found = detector.detect(hopper, min_score=0.1)
    assert len(found) > 3
    assert all(0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1 for x0, y0, x1, y1 in (each.box for each in found))
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_a_strided_view_gives_the_same_detections_as_its_copy(detector: Detector, astronaut: Pixels) -> None:
    mirrored = astronaut[:, ::-1]
    assert detector.detect(mirrored) == detector.detect(mirrored.copy())


def test_detection_restores_the_number_of_torch_threads(detector: Detector, cat: Pixels) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        detector.detect(cat)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_there_are_eighty_classes() -> None:
    assert len(set(KINDS)) == 80


def test_float32_and_bfloat16_agree(astronaut: Pixels) -> None:
    from safetensors.torch import load_file

    from vision.nanodet import NanoDet

    state = load_file(WEIGHTS)
    picture = np.ascontiguousarray(cv2.resize(astronaut, (416, 416), interpolation=cv2.INTER_AREA)[:, :, ::-1])
    exact, fast = (NanoDet(state, dtype)(picture) for dtype in (torch.float32, torch.bfloat16))
    assert [tuple(level.shape) for level in exact] == [(52 * 52, 124), (26 * 26, 124), (13 * 13, 124)]
    for a, b in zip(exact, fast, strict=True):
        assert (a[:, :80].sigmoid() - b[:, :80].sigmoid()).abs().max() < 0.05


@pytest.mark.parametrize("content", [None, b"", b"no weights at all, whatever the name says"])
def test_a_file_without_the_weights_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="restore it"):
        Detector(path)
