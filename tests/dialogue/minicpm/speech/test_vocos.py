"""The inverse transform of Vocos against a plain overlap-add, and the joiner of pieces."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dialogue.minicpm.speech.vocos import Joiner, Vocos


@pytest.mark.parametrize("hold_all", [True, False])
def test_overlapping_pieces_are_joined_without_a_seam(hold_all: bool) -> None:
    signal = torch.randn(6000, generator=torch.Generator().manual_seed(1))
    joiner = Joiner(overlap=500, hold_all=hold_all)
    cuts = [(0, 2000), (1500, 3500), (3000, 6000)]
    out = [joiner.add(signal[start:end]) for start, end in cuts]
    torch.testing.assert_close(torch.cat([*out, joiner.end()]), signal)
    assert len(out[0]) == (0 if hold_all else 1500)
    assert not len(joiner.end())


def small_vocos() -> Vocos:
    draw = torch.Generator().manual_seed(2)
    shapes = {"backbone.embed.weight": (12, 10, 7), "backbone.embed.bias": (12,)}
    for norm in ("norm", "final_layer_norm", "convnext.0.norm"):
        shapes |= {f"backbone.{norm}.weight": (12,), f"backbone.{norm}.bias": (12,)}
    block = "backbone.convnext.0."
    shapes |= {f"{block}dwconv.weight": (12, 1, 7), f"{block}dwconv.bias": (12,), f"{block}gamma": (12,)}
    shapes |= {f"{block}pwconv1.weight": (20, 12), f"{block}pwconv1.bias": (20,)}
    shapes |= {f"{block}pwconv2.weight": (12, 20), f"{block}pwconv2.bias": (12,)}
    shapes |= {"head.out.weight": (66, 12), "head.out.bias": (66,)}
    tensors = {name: torch.randn(shape, generator=draw) * 0.3 for name, shape in shapes.items()}
    return Vocos(tensors | {"head.istft.window": torch.hann_window(64)}, hop=16)


@pytest.mark.parametrize("frames", [4, 5, 31])
def test_the_inverse_transform_is_a_normalised_overlap_add(frames: int) -> None:
    vocos, mel = small_vocos(), torch.randn(1, 10, frames, generator=torch.Generator().manual_seed(frames))
    level, phase = vocos.head["out"](vocos.backbone(mel))[0].T.chunk(2)
    sound, weight = np.zeros(64 + 16 * (frames - 1)), np.zeros(64 + 16 * (frames - 1))
    window = np.hanning(65)[:64]
    for frame in range(frames):
        spectrum = np.minimum(np.exp(level[:, frame].numpy()), 100.0) * np.exp(1j * phase[:, frame].numpy())
        sound[16 * frame : 16 * frame + 64] += np.fft.irfft(spectrum, 64) * window
        weight[16 * frame : 16 * frame + 64] += window**2
    want = (sound / np.maximum(weight, 1e-11))[24:-24]
    np.testing.assert_allclose(vocos(mel)[0].numpy(), want, atol=1e-4)
    assert len(want) == 16 * frames
