"""Faces count as persons, at a desk and close to the camera; what is no face does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stream.models.weights import WeightStore
from tests.vision.conftest import WEIGHTS
from vision.box import Box, overlap
from vision.detect import Detection
from vision.faces import Faces, PeopleDetector, with_faces
from vision.picture import Picture, Pixels
from vision.reading.read_text import Reader
from vision.seeing.look import SceneUpdate, VisionModels


@pytest.fixture(scope="module")
def faces(weights: WeightStore) -> Faces:
    return Faces(weights.path("centerface"))


def at_desk(face: Pixels, high: int) -> Pixels:
    """A face above the lower edge of a picture of a wall."""
    wall = np.full((720, 1280, 3), (150, 146, 138), np.uint8)
    small = cv2.resize(face, (high, high), interpolation=cv2.INTER_AREA)
    wall[720 - high :, 500 : 500 + high] = small
    return wall


def test_a_face_is_found_at_its_place(faces: Faces, astronaut: Pixels) -> None:
    [(score, box)] = faces.find(astronaut)
    assert score > 0.6
    assert overlap(box, (0.36, 0.12, 0.52, 0.34)) > 0.6


def test_what_is_no_face_is_none(faces: Faces, cat: Pixels) -> None:
    assert faces.find(cat) == []
    assert faces.find(np.random.default_rng(1).integers(0, 256, (240, 320, 3), dtype=np.uint8)) == []
    assert faces.find(np.zeros((1, 1, 3), np.uint8)) == []


@pytest.mark.parametrize("high", [180, 400, 700])
def test_a_person_at_a_desk_counts_once(faces: Faces, reader: Reader, astronaut: Pixels, high: int) -> None:
    models, look = VisionModels(PeopleDetector(WEIGHTS, faces), reader), SceneUpdate()
    rgb = at_desk(astronaut[10:170, 150:310], high)
    for number in range(4):
        models.glance(look, Picture(rgb, 0.5 * number))
    assert [track.label for track in look.tracks()].count("person") == 1


def test_a_face_confirms_its_person_and_adds_another() -> None:
    body: Box = (0.1, 0.1, 0.4, 0.9)
    found = [Detection("person", 0.4, body), Detection("cup", 0.5, (0.7, 0.7, 0.8, 0.8))]
    merged = with_faces(found, [(0.9, (0.2, 0.15, 0.3, 0.3)), (0.8, (0.6, 0.2, 0.7, 0.35))])
    assert [(each.label, each.score) for each in merged] == [("person", 0.9), ("person", 0.8), ("cup", 0.5)]
    assert merged[0].box == body
    assert merged[1].box[1] < 0.2 and merged[1].box[3] > 0.6
    assert with_faces(found, []) == sorted(found, key=lambda each: -each.score)


def test_another_file_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    wrong = tmp_path_factory.mktemp("faces") / "wrong.onnx"
    wrong.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="pull it again"):
        Faces(wrong)
