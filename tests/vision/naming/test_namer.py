"""Finer names, with the real classifier on real photos.

Also tests `efficientnet.py` and `finer_names.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from stream.models.weights import WeightStore
from tests.vision.conftest import WEIGHTS
from vision.detect import Detector
from vision.naming.finer_names import FINER_NAMES
from vision.naming.name_votes import SURE
from vision.naming.namer import ImageNetNamer
from vision.picture import Picture, Pixels
from vision.reading.read_text import Reader
from vision.seeing.look import SceneUpdate, VisionModels


@pytest.fixture(scope="module")
def namer(weights: WeightStore) -> ImageNetNamer:
    return ImageNetNamer(weights.path("efficientnet-lite0"))


def test_a_cat_is_named_in_a_call_and_in_a_picture(namer: ImageNetNamer, reader: Reader, cat: Pixels) -> None:
    models, look = VisionModels(Detector(WEIGHTS), reader, namer), SceneUpdate()
    for number in range(3):
        models.glance(look, Picture(cat, 0.5 * number))
    for scene in (look.scene, models.study(Picture(cat, 0.0), closely=False).scene):
        assert [(fact.label, fact.name) for fact in scene.facts() if fact.kind == "object"] == [("cat", "tabby cat")]


def test_what_is_no_kind_of_the_label_gets_no_name(namer: ImageNetNamer, cat: Pixels) -> None:
    coffee = np.asarray(skimage.data.coffee())
    assert namer.names(coffee, "cup")["cup of coffee"] > SURE
    for crop, label in ((coffee, "dog"), (cat, "car"), (np.zeros((60, 60, 3), np.uint8), "bottle")):
        assert max(namer.names(crop, label).values()) < SURE


def test_each_class_belongs_to_one_name() -> None:
    classes = [number for names in FINER_NAMES.values() for of_one in names.values() for number in of_one]
    assert len(classes) == len(set(classes))
    assert all(0 <= number < 1000 for number in classes)


def test_a_file_that_is_no_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pull it again"):
        ImageNetNamer(WEIGHTS)
    with pytest.raises(ValueError, match="pull it again"):
        ImageNetNamer(tmp_path / "missing.safetensors")
