"""The vision models of a call, with their weights."""

from __future__ import annotations

from stream.models.components import component
from stream.models.setup import SETUPS
from ui.host.home import weight_store
from vision.look import VisionModels
from vision.reading.read_text import Reader


def vision_models() -> VisionModels:
    """Those of the default setup; missing weights are fetched."""
    detector, store = component("detectors", SETUPS["laptop"].detector), weight_store()
    store.pull(detector.weights)
    return VisionModels(detector.open({name: store.path(name) for name in detector.weights}), Reader())
