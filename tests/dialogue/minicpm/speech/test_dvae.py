"""The decoder of audio codes, against the published formula."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dialogue.minicpm.speech.dvae import LEVELS, Codebook, CodeDecoder, CodeSizes


def test_codes_are_numbers_in_base_five() -> None:
    book = Codebook(8)
    for group in book.rvqs:
        project: Any = group.project_out
        torch.nn.init.eye_(project.weight)
        torch.nn.init.zeros_(project.bias)
    centre = sum(2 * LEVELS**digit for digit in range(4))
    assert not book(torch.tensor([[[centre, centre, centre, centre]]])).any()
    lowest = book(torch.tensor([[[0, centre, centre, 624]]]))[0, :, 0]
    torch.testing.assert_close(lowest, torch.tensor([-1.0] * 4 + [0.25] * 4))


@torch.inference_mode()
def test_codes_become_features_by_digits_and_frames_by_halves() -> None:
    decoder = CodeDecoder(CodeSizes(features=32, bottleneck=8, width=16, inner=24, blocks=2, bins=10)).eval()
    codes = torch.randint(0, 625, (2, 9, 4), generator=torch.Generator().manual_seed(1))
    features = decoder.features(codes)
    for batch, time in ((0, 0), (1, 8), (0, 5)):
        parts = []
        book: Any = decoder.vq_layer["quantizer"]
        for group, quantiser in enumerate(book.rvqs):
            value = torch.zeros(4)
            for residual in range(2):
                code = int(codes[batch, time, 2 * group + residual])
                digits = torch.tensor([(code // 5**place) % 5 for place in range(4)])
                value += (digits - 2) / 2 * 4.0**-residual
            parts.append(quantiser.project_out(value))
        torch.testing.assert_close(features[batch, :, time], torch.cat(parts))
    seen: list[Tensor] = []
    decoder.decoder["conv_in"].register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    decoder(codes)
    torch.testing.assert_close(seen[0][:, :, 0::2], features[:, :32])
    torch.testing.assert_close(seen[0][:, :, 1::2], features[:, 32:])
