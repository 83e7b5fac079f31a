"""The vocoder of a tiny o 4.5: every file of the official one, with random weights and small sizes.

The two ONNX files hold no learnt network: one averages sound into codes, the other averages it into a vector. They are
written byte by byte, in the little of protobuf's wire format that this takes, since nothing else here writes ONNX.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from dialogue.minicpm.speech.flow import Flow, FlowSizes
from dialogue.minicpm.speech.flow_encoder import EncoderSizes
from dialogue.minicpm.speech.flow_estimator import EstimatorSizes
from dialogue.minicpm.speech.hift import Hift, HiftSizes
from dialogue.minicpm.speech.token2wav_files import DIRECTION, FLOW, HIFT, LENGTH, SETTINGS, SPEAKER, TOKENIZER

CODES, BINS, WIDTH = 6561, 80, 16
FLOAT, INT32, INT64 = 1, 6, 7  # types of ONNX
OPSET = 13

FLOW_SIZES = FlowSizes(
    codes=CODES,
    width=WIDTH,
    voice=BINS,
    bins=BINS,
    encoder=EncoderSizes(width=WIDTH, inner=32, heads=2, look_ahead=3, blocks=2, up_blocks=1, up=2),
    estimator=EstimatorSizes(
        features_in=4 * BINS, features_out=BINS, width=WIDTH, heads=2, head_dim=8, inner=32, blocks=2
    ),
)
HIFT_SIZES = HiftSizes(
    bins=BINS,
    width=16,
    transform=16,
    harmonics=8,
    pitch_width=8,
    pitch_layers=2,
    kernels=(16, 11, 7),
    block_kernels=(3, 7),
    source_kernels=(7, 7, 11),
)


def write_token2wav(folder: Path, generator: torch.Generator) -> Path:
    """All files of the vocoder into `folder`, which is made; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(random_tensors(Flow(FLOW_SIZES), generator), folder / FLOW)
    torch.save(as_published(random_tensors(Hift(HIFT_SIZES), generator)), folder / HIFT)
    (folder / SETTINGS).write_text("flow:\n  decoder:\n    inference_cfg_rate: 0.7\n", encoding="utf-8")
    (folder / TOKENIZER).write_bytes(averaging_codes())
    (folder / SPEAKER).write_bytes(averaging_speaker())
    return folder


def random_tensors(network: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """Of a spread that keeps activations alive: norms near one, biases small."""
    made = {}
    for name, tensor in network.state_dict().items():
        inputs = max(tensor[0].numel(), 1) if tensor.ndim > 1 else 1
        centre = 1.0 if tensor.ndim == 1 and not name.endswith("bias") else 0.0
        spread = inputs**-0.5 if tensor.ndim > 1 else 0.05
        made[name] = centre + spread * torch.randn(tensor.shape, generator=generator)
    return made


def as_published(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """HiFT's weights as lengths and directions, under the name they have in training."""
    made: dict[str, Tensor] = {}
    plain = ("source_downs.", "m_source.", "f0_predictor.classifier.")
    for name, tensor in tensors.items():
        at = f"generator.{name.removesuffix('.weight')}"
        if not name.endswith(".weight") or name.startswith(plain):
            made[f"generator.{name}"] = tensor
            continue
        made[at + LENGTH] = tensor.norm(dim=tuple(range(1, tensor.ndim)), keepdim=True)
        made[at + DIRECTION] = 2.0 * tensor
    return made


def averaging_codes() -> bytes:
    """mel (1, 128, T) and its length -> int64 codes (1, T / 4)."""
    nodes = [
        _node("AveragePool", ["mel"], "pooled", _ints("kernel_shape", [4]), _ints("strides", [4])),
        _node("ReduceMean", ["pooled"], "mean", _ints("axes", [1]), _int("keepdims", 0)),
        _node("Abs", ["mean"], "level"),
        _node("Mul", ["level", "spread"], "scaled"),
        _node("Cast", ["scaled"], "codes", _int("to", INT64)),
    ]
    spread = _bytes(8, b"spread") + _varint(2, FLOAT) + _bytes(9, struct.pack("<f", 1000.0))
    inputs = [_value("mel", FLOAT, [1, 128, "T"]), _value("length", INT32, [1])]
    return _model(nodes, inputs, _value("codes", INT64, [1, "N"]), [spread])


def averaging_speaker() -> bytes:
    """Filter banks (1, T, 80) -> (1, 80)."""
    nodes = [
        _node("Abs", ["banks"], "level"),
        _node("ReduceMean", ["level"], "speaker", _ints("axes", [1]), _int("keepdims", 0)),
    ]
    return _model(nodes, [_value("banks", FLOAT, [1, "T", BINS])], _value("speaker", FLOAT, [1, BINS]), [])


def _model(nodes: Sequence[bytes], inputs: Sequence[bytes], output: bytes, constants: Sequence[bytes]) -> bytes:
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"tiny")
    graph += b"".join(_bytes(5, constant) for constant in constants)
    graph += b"".join(_bytes(11, given) for given in inputs) + _bytes(12, output)
    return _varint(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _varint(2, OPSET))


def _node(kind: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    made = b"".join(_bytes(1, name.encode()) for name in inputs) + _bytes(2, output.encode())
    return made + _bytes(4, kind.encode()) + b"".join(_bytes(5, attribute) for attribute in attributes)


def _int(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _varint(3, value) + _varint(20, 2)


def _ints(name: str, values: Sequence[int]) -> bytes:
    return _bytes(1, name.encode()) + b"".join(_varint(8, value) for value in values) + _varint(20, 7)


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    sizes = (_varint(1, size) if isinstance(size, int) else _bytes(2, size.encode()) for size in shape)
    tensor = _varint(1, kind) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _varint(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(value)) + value


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])
