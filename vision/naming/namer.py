"""What a model that names objects more finely does, and the embedded one: EfficientNet-Lite0 on the object's crop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from vision.naming.efficientnet import SIDE, EfficientNetLite
from vision.naming.finer_names import FINER_NAMES
from vision.picture import Pixels
from vision.torch_threads import torch_threads


class Namer(Protocol):
    """A model shared by all sessions."""

    def knows(self, label: str) -> bool:
        """Whether it has finer names for objects with this label of the detector."""
        ...

    def names(self, crop: Pixels, label: str) -> Mapping[str, float]:
        """The probability of each finer name of the object with that label that fills the crop (h, w, 3). Blocks."""
        ...

    def warm_up(self) -> None: ...


class ImageNetNamer:
    """Names by the classes of ImageNet-1k that are kinds of the detector's label."""

    def __init__(self, weights_path: Path | str, threads: int = 1) -> None:
        """Raises ValueError if the file does not contain the classifier's weights."""
        self._network, self._threads = EfficientNetLite(weights_path), threads

    def knows(self, label: str) -> bool:
        return label in FINER_NAMES

    def names(self, crop: Pixels, label: str) -> Mapping[str, float]:
        """What belongs to other kinds of things counts against every name: the sum is below 1 then."""
        with torch_threads(self._threads):
            probabilities = self._network.probabilities(crop)
        return {name: float(probabilities[list(classes)].sum()) for name, classes in FINER_NAMES[label].items()}

    def warm_up(self) -> None:
        """Runs on an empty crop, so that the first real call is not slower."""
        self.names(np.zeros((SIDE, SIDE, 3), np.uint8), next(iter(FINER_NAMES)))
