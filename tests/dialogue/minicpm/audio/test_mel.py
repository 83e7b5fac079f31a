"""Log-mel frames: equal to Whisper's on whole clips; a stream equals the published one in any chunking."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import WhisperFeatureExtractor
from transformers.audio_utils import mel_filter_bank

from dialogue.minicpm.audio.mel import RATE, MelStream, log_mel, log_mel_batch
from tests.dialogue.minicpm.session_inputs import noise

Sound = np.ndarray
BANK = torch.from_numpy(mel_filter_bank(201, 80, 0.0, 8000.0, 16000, norm="slaney", mel_scale="slaney"))


def whisper(samples: Sound, relative: bool) -> Tensor:
    """Log-mel of the whole buffer without its last frame, clipped below the loudest frame if `relative`."""
    window = torch.hann_window(400, dtype=torch.float64)
    power = torch.stft(torch.from_numpy(samples).double(), 400, 160, window=window, return_complex=True).abs() ** 2
    levels = (BANK.T @ power[:, :-1]).clamp_min(1e-10).log10()
    return ((levels.clamp_min(levels.max() - 8.0) if relative else levels) + 4) / 4


def heard(signal: Sound, overlap: int) -> list[Tensor | None]:
    """The published stream: 560 zeros in front, the whole buffer computed again for each second. Seconds in the
    middle are skipped."""
    waiting, buffer, evicted = np.concatenate([np.zeros(560, np.float32), signal]), np.zeros(0, np.float32), 0
    pieces: list[Tensor | None] = []
    while len(waiting) >= (need := 16_000 if pieces else 16_480):
        buffer, waiting = np.concatenate([buffer, waiting[:need]]), waiting[need:]
        if len(buffer) >= 30 * 16_000:
            buffer, evicted = buffer[160_000:], evicted + 1000
        if 8 < len(pieces) < 28:
            pieces.append(None)
            continue
        mel, first = whisper(buffer, relative=len(buffer) >= 5 * 16_000), len(pieces) * 100 - evicted
        complete = (len(buffer) - 200) // 160 + 1
        pieces.append(mel[:, max(first - overlap, 0) : min(first + 100 + overlap, complete)])
    return pieces


@pytest.mark.parametrize(("seconds", "overlap", "seed"), [(1, 2, 0), (4, 0, 1), (8, 2, 2), (7, 2, 3), (33, 2, 4)])
def test_the_stream_equals_the_published_one_that_recomputes_its_buffer(seconds: int, overlap: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    levels = np.repeat(draw.choice([0.0, 1e-4, 0.02, 0.4], seconds * 4), 4000)  # silence, whispers and shouts
    signal = (draw.standard_normal(len(levels)) * levels).astype(np.float32)
    stream, got, begun, cuts = MelStream(overlap, lead=560), list[Tensor](), 0, random.Random(seed)
    while begun < len(signal):
        step = cuts.choice([1600, 16_000, 333, 40_000])
        got += stream.push(signal[begun : begun + step])
        begun += step
    assert len(got) == seconds
    for one, other in zip(got, heard(signal, overlap), strict=True):
        if other is not None:
            torch.testing.assert_close(one.double(), other, atol=1e-5, rtol=0)


@pytest.mark.parametrize("seconds", [0.05, 1.0, 2.0001, 29.99, 30.0])
def test_mel_equals_whispers(seconds: float) -> None:
    clip = noise(seconds)
    extractor = WhisperFeatureExtractor(feature_size=80)
    want = extractor(clip, sampling_rate=RATE, return_tensors="pt").input_features[0]
    got = log_mel(clip)
    assert got.shape[1] == -(-len(clip) // 160)
    torch.testing.assert_close(got, want[:, : got.shape[1]], atol=1e-4, rtol=0)


def test_the_mel_of_silence_is_finite() -> None:
    assert torch.isfinite(log_mel(np.zeros(RATE, np.float32))).all()


def test_a_batch_is_padded_with_zeros_at_the_end() -> None:
    long, short = noise(1.0), noise(0.4)
    together, lengths = log_mel_batch([long, short])
    assert lengths == [100, 40]
    torch.testing.assert_close(together[1, :, :40], log_mel(short))
    assert not together[1, :, 40:].any()


@pytest.mark.parametrize("cuts", [[80_000], [1, 15_999, 16_001, 47_999], [160] * 500, [7] * 100 + [79_300]])
@pytest.mark.parametrize("overlap", [0, 2])
def test_the_stream_does_not_depend_on_chunking(cuts: Sequence[int], overlap: int) -> None:
    signal, want = noise(5.0), MelStream(overlap, lead=560)
    whole = want.push(signal)
    stream, begun, got = MelStream(overlap, lead=560), 0, []
    for cut in cuts:
        got += stream.push(signal[begun : begun + cut])
        begun += cut
    assert [piece.shape for piece in got] == [piece.shape for piece in whole]
    for one, other in zip(got, whole, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_pieces_of_the_stream_are_the_whole_clip_in_pieces() -> None:
    """While levels are fixed, the frames of a stream are those of the whole clip with its lead."""
    signal = noise(4.0)
    stream = MelStream(overlap=0, lead=560)
    got = torch.cat(stream.push(signal), dim=1)
    lead = np.concatenate([np.zeros(560, np.float32), signal])
    torch.testing.assert_close(got, log_mel(lead, floor=True)[:, : got.shape[1]], atol=1e-6, rtol=0)


def test_the_buffer_slides_and_the_cost_of_a_second_does_not_grow() -> None:
    stream = MelStream(overlap=2, lead=560)
    for second in range(70):
        (piece,) = stream.push(noise(1.0, second))
        assert piece.shape[1] == (102 if second == 0 else 104)
        assert len(stream.heard) < 30 * RATE
    assert stream.dropped == 50 * RATE
