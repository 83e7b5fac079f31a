"""Mel and the audio encoder: equal to the libraries' on whole clips, and streams that do not depend on chunking."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from transformers import WhisperConfig, WhisperFeatureExtractor
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from dialogue.minicpm.audio.audio_encoder import row_count
from dialogue.minicpm.audio.mel import RATE, MelStream, Samples, log_mel, log_mel_batch, pieces
from dialogue.minicpm.chat.prompt import sound_groups
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind

Open = Callable[[Kind], MiniCPM]


def noise(seconds: float, seed: int = 0) -> Samples:
    """Loud and quiet in turn, so that levels matter."""
    count = round(seconds * RATE)
    swell = 0.3 * (1.1 + np.sin(np.arange(count) / 3000))
    return (np.random.default_rng(seed).standard_normal(count) * swell).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.05, 1.0, 2.0001, 29.99, 30.0])
def test_mel_is_whispers(seconds: float) -> None:
    clip = noise(seconds)
    extractor = WhisperFeatureExtractor(feature_size=80)
    want = extractor(clip, sampling_rate=RATE, return_tensors="pt").input_features[0]
    got = log_mel(clip)
    assert got.shape[1] == -(-len(clip) // 160)
    torch.testing.assert_close(got, want[:, : got.shape[1]], atol=1e-4, rtol=0)


def test_silence_is_a_number() -> None:
    assert torch.isfinite(log_mel(np.zeros(RATE, np.float32))).all()


def test_a_batch_is_padded_with_zeros_behind() -> None:
    long, short = noise(1.0), noise(0.4)
    together, lengths = log_mel_batch([long, short])
    assert lengths == [100, 40]
    torch.testing.assert_close(together[1, :, :40], log_mel(short))
    assert not together[1, :, 40:].any()


@pytest.mark.parametrize("cuts", [[80_000], [1, 15_999, 16_001, 47_999], [160] * 500, [7] * 100 + [79_300]])
@pytest.mark.parametrize("overlap", [0, 2])
def test_the_stream_hears_the_same_in_any_chunking(cuts: Sequence[int], overlap: int) -> None:
    signal, want = noise(5.0), MelStream(overlap, lead=560)
    whole = want.push(signal)
    stream, begun, got = MelStream(overlap, lead=560), 0, []
    for cut in cuts:
        got += stream.push(signal[begun : begun + cut])
        begun += cut
    assert [piece.shape for piece in got] == [piece.shape for piece in whole]
    for one, other in zip(got, whole, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_pieces_of_the_stream_are_the_whole_clip_cut_up() -> None:
    """While levels are fixed, a stream's own frames are those of the whole sound with its lead."""
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


@torch.inference_mode()
def test_the_encoder_is_whispers(model: Open) -> None:
    hearing = model(Kind.O26).hearing
    assert hearing is not None
    fields = model(Kind.O26).config["audio_config"]
    whisper = WhisperEncoder(WhisperConfig(**fields)).eval()
    whisper.load_state_dict(hearing.encoder.state_dict())
    clip = noise(30.0)
    want = whisper(log_mel(clip)[None]).last_hidden_state
    got = hearing.encode(log_mel(clip)[None], [3000], look_ahead=True)
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


def test_a_frame_of_a_clip_sees_its_own_second_and_those_before(model: Open) -> None:
    hearing = model(Kind.O45).hearing
    assert hearing is not None
    mask = hearing.mask(120, [240])[0, 0]
    assert mask[0, :50].all() and not mask[0, 50:].any()
    assert mask[49, :50].all() and not mask[49, 50:].any()
    assert mask[119].all()
    assert hearing.mask(120, [240], look_ahead=True).all()


def test_a_later_second_does_not_change_an_earlier_one(model: Open) -> None:
    hearing = model(Kind.O45).hearing
    assert hearing is not None
    first, second = hearing.encoder.cache(), hearing.encoder.cache()
    same = hearing.step(first, log_mel(noise(1.0, 1)))
    torch.testing.assert_close(hearing.step(second, log_mel(noise(1.0, 1))), same)
    after_one = hearing.step(first, log_mel(noise(1.0, 2)))
    hearing.step(second, log_mel(noise(1.0, 3)))
    assert not torch.allclose(hearing.step(second, log_mel(noise(1.0, 2))), after_one, atol=1e-4)


def test_a_rewound_ear_hears_as_if_nothing_had_happened(model: Open) -> None:
    hearing = model(Kind.O45).hearing
    assert hearing is not None
    ear = hearing.encoder.cache()
    hearing.step(ear, log_mel(noise(1.0, 1)))
    mark = ear.mark()
    want = hearing.step(ear, log_mel(noise(1.0, 2)))
    ear.rewind(mark)
    torch.testing.assert_close(hearing.step(ear, log_mel(noise(1.0, 2))), want)
    ear.clear()
    ear.rewind(mark)
    assert ear.length == 0, "what was forgotten cannot be brought back"


@pytest.mark.parametrize("samples", [400, 8000, 16_000, 16_001, 33_333, 480_000, 500_000])
@pytest.mark.parametrize("kind", [Kind.O26, Kind.O45])
def test_a_prompt_has_as_many_places_as_a_clip_has_rows(model: Open, kind: Kind, samples: int) -> None:
    hearing = model(kind).hearing
    assert hearing is not None
    rows = sum(row_count(len(piece), hearing.pool) for piece in pieces(np.zeros(samples, np.float32)))
    assert sum(sound_groups(samples, hearing.pool, by_second=True)) == rows
    assert sound_groups(samples, hearing.pool, by_second=False) == [rows]


def test_a_clip_longer_than_30_s_is_heard_in_pieces(model: Open) -> None:
    hearing = model(Kind.O45).hearing
    assert hearing is not None
    (rows,) = hearing.whole([noise(31.0)])
    assert len(rows) == 310
