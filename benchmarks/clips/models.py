"""The vision models of a call, with their weights."""

from __future__ import annotations

from stream.models.components import component
from stream.models.setup import SETUPS
from ui.host.home import weight_store
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels


def vision_models() -> VisionModels:
    """Those of the default setup; missing weights are fetched."""
    setup, store = SETUPS["laptop"], weight_store()
    detector, namer = component("detectors", setup.detector), component("namers", setup.namer)
    store.pull((*detector.weights, *namer.weights))
    opened = [each.open({name: store.path(name) for name in each.weights}) for each in (detector, namer)]
    return VisionModels(opened[0], Reader(), opened[1])
