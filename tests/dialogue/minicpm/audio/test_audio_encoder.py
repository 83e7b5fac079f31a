"""The audio encoder: equal to transformers' Whisper on whole clips; streams, marks, padding masks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from dialogue.minicpm.audio.mel import log_mel
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from tests.dialogue.minicpm.session_inputs import noise

Open = Callable[[Kind], MiniCPM]


@pytest.mark.parametrize("mel_lengths", [[320], [321], [100, 37], [37, 100, 99], [5, 400]])
@pytest.mark.parametrize("look_ahead", [False, True])
def test_the_mask_of_a_padded_batch_is_the_published_one(model: Open, mel_lengths: list[int], look_ahead: bool) -> None:
    audio, frames = model(Kind.O26).audio, (max(mel_lengths) + 1) // 2
    assert audio is not None
    mask = audio.mask(frames, mel_lengths, look_ahead)
    for clip, length in enumerate(mel_lengths):
        for row in range(0, frames, 7):
            for other in range(frames):
                seen = other < length and (look_ahead or other // 50 <= row // 50)  # lengths of mel, as published
                assert bool(mask[clip, 0, row, other]) == seen


@torch.inference_mode()
def test_the_encoder_equals_whispers(model: Open) -> None:
    audio = model(Kind.O26).audio
    assert audio is not None
    fields = model(Kind.O26).config["audio_config"]
    whisper = WhisperEncoder(WhisperConfig(**fields)).eval()
    whisper.load_state_dict(audio.encoder.state_dict())
    clip = noise(30.0)
    want = whisper(log_mel(clip)[None]).last_hidden_state
    got = audio.encode(log_mel(clip)[None], [3000], look_ahead=True)
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


def test_a_frame_of_a_clip_attends_to_its_second_and_earlier_ones(model: Open) -> None:
    audio = model(Kind.O45).audio
    assert audio is not None
    mask = audio.mask(120, [240])[0, 0]
    assert mask[0, :50].all() and not mask[0, 50:].any()
    assert mask[49, :50].all() and not mask[49, 50:].any()
    assert mask[119].all()
    assert audio.mask(120, [240], look_ahead=True).all()


def test_a_second_depends_on_the_seconds_before_it(model: Open) -> None:
    audio = model(Kind.O45).audio
    assert audio is not None
    first, second = audio.encoder.cache(), audio.encoder.cache()
    same = audio.step(first, log_mel(noise(1.0, 1)))
    torch.testing.assert_close(audio.step(second, log_mel(noise(1.0, 1))), same)
    after_one = audio.step(first, log_mel(noise(1.0, 2)))
    audio.step(second, log_mel(noise(1.0, 3)))
    assert not torch.allclose(audio.step(second, log_mel(noise(1.0, 2))), after_one, atol=1e-4)


def test_a_rewound_cache_encodes_as_before(model: Open) -> None:
    audio = model(Kind.O45).audio
    assert audio is not None
    cache = audio.encoder.cache()
    audio.step(cache, log_mel(noise(1.0, 1)))
    mark = cache.mark()
    want = audio.step(cache, log_mel(noise(1.0, 2)))
    cache.rewind(mark)
    torch.testing.assert_close(audio.step(cache, log_mel(noise(1.0, 2))), want)
    cache.clear()
    cache.rewind(mark)
    assert cache.length == 0, "a cleared cache rewinds to an empty one"


def test_a_clip_longer_than_30_s_is_encoded_in_pieces(model: Open) -> None:
    audio = model(Kind.O45).audio
    assert audio is not None
    (rows,) = audio.whole([noise(31.0)])
    assert len(rows) == 310
