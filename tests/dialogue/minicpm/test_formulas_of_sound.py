"""Hearing and speaking against the published formulas, written down naively: any length, any levels, any codes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import TopKLogitsWarper, TopPLogitsWarper
from transformers.audio_utils import mel_filter_bank

from dialogue.minicpm.audio.mel import MelStream
from dialogue.minicpm.chat.prompt import sound_groups
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.speech.dvae import CodeDecoder, CodeSizes
from dialogue.minicpm.speech.speech_backbone import narrowed, penalised
from dialogue.minicpm.speech.speech_o26 import TextSlots
from dialogue.minicpm.speech.vocos import Vocos

Open = Callable[[Kind], MiniCPM]
Sound = np.ndarray
BANK = torch.from_numpy(mel_filter_bank(201, 80, 0.0, 8000.0, 16000, norm="slaney", mel_scale="slaney"))


def whisper(samples: Sound, relative: bool) -> Tensor:
    """The whole buffer anew: log-mel without its last frame, clipped below its loudest or not."""
    window = torch.hann_window(400, dtype=torch.float64)
    power = torch.stft(torch.from_numpy(samples).double(), 400, 160, window=window, return_complex=True).abs() ** 2
    levels = (BANK.T @ power[:, :-1]).clamp_min(1e-10).log10()
    return ((levels.clamp_min(levels.max() - 8.0) if relative else levels) + 4) / 4


def heard(signal: Sound, overlap: int) -> list[Tensor | None]:
    """The published stream: 560 zeros in front, everything so far computed again for each second. Seconds between
    the first ones and the last ones are left out."""
    waiting, buffer, gone = np.concatenate([np.zeros(560, np.float32), signal]), np.zeros(0, np.float32), 0
    pieces: list[Tensor | None] = []
    while len(waiting) >= (need := 16_000 if pieces else 16_480):
        buffer, waiting = np.concatenate([buffer, waiting[:need]]), waiting[need:]
        if len(buffer) >= 30 * 16_000:
            buffer, gone = buffer[160_000:], gone + 1000
        if 8 < len(pieces) < 28:
            pieces.append(None)
            continue
        mel, first = whisper(buffer, relative=len(buffer) >= 5 * 16_000), len(pieces) * 100 - gone
        complete = (len(buffer) - 200) // 160 + 1
        pieces.append(mel[:, max(first - overlap, 0) : min(first + 100 + overlap, complete)])
    return pieces


@pytest.mark.parametrize(("seconds", "overlap", "seed"), [(1, 2, 0), (4, 0, 1), (8, 2, 2), (7, 2, 3), (33, 2, 4)])
def test_the_stream_is_the_whole_buffer_computed_again_and_again(seconds: int, overlap: int, seed: int) -> None:
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


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.integers(1, 5000), st.integers(1, 2_000_000)), st.sampled_from([2, 5]))
def test_places_for_sound_follow_the_formula(samples: int, pool: int) -> None:
    frames = (math.ceil(samples / 160) - 1) // 2 + 1
    rows = (frames - pool) // pool + 1
    assert sound_groups(samples, pool, by_second=False) == [max(rows, 0)]
    groups = sound_groups(samples, pool, by_second=True)
    assert sum(groups) == max(rows, 0) and all(group == 50 // pool for group in groups[:-1])
    assert all(0 < group <= 50 // pool for group in groups)


@pytest.mark.parametrize("mel_lengths", [[320], [321], [100, 37], [37, 100, 99], [5, 400]])
@pytest.mark.parametrize("look_ahead", [False, True])
def test_who_hears_whom_in_a_padded_batch(model: Open, mel_lengths: list[int], look_ahead: bool) -> None:
    hearing, frames = model(Kind.O26).hearing, (max(mel_lengths) + 1) // 2
    assert hearing is not None
    mask = hearing.mask(frames, mel_lengths, look_ahead)
    for clip, length in enumerate(mel_lengths):
        for row in range(0, frames, 7):
            for other in range(frames):
                seen = other < length and (look_ahead or other // 50 <= row // 50)  # lengths of mel, as published
                assert bool(mask[clip, 0, row, other]) == seen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([(0.7, 20), (0.85, 25), (0.05, 1), (0.99, 4), (0.3, 600)]))
def test_codes_are_narrowed_as_transformers_does_it(seed: int, limits: tuple[float, int]) -> None:
    top_p, top_k = limits
    draw = torch.Generator().manual_seed(seed)
    scores = torch.randn(3, 130, generator=draw) * (1 + 9 * torch.rand(1, generator=draw))
    ids = torch.zeros(3, 1, dtype=torch.long)
    want = TopPLogitsWarper(top_p, min_tokens_to_keep=3)(ids, scores)
    want = TopKLogitsWarper(top_k, min_tokens_to_keep=3)(ids, want)
    assert torch.equal(narrowed(scores, top_p, top_k), want)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 11), max_size=16), st.integers(0, 1000))
def test_a_code_is_penalised_as_often_as_it_was_used(recent: list[int], seed: int) -> None:
    scores = torch.randn(12, generator=torch.Generator().manual_seed(seed))
    want = scores.clone()
    for code in recent:
        want[code] = want[code] * 1.05 if want[code] < 0 else want[code] / 1.05
    torch.testing.assert_close(penalised(scores, recent, 1.05), want)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60), st.sets(st.integers(20, 40), max_size=5), st.integers(0, 1000))
def test_a_token_rule_forbids_divides_and_is_patient(said: list[int], bad: set[int], seed: int) -> None:
    signs = DuplexTokens(*range(10, 19))
    rule = TokenRule(signs, bad, DuplexSampling(recent=20))
    rule.history.extend(said)
    logits = torch.randn(41, generator=torch.Generator().manual_seed(seed)) * 3
    want = logits.clone()
    for token in set(said[-20:]):
        want[token] = want[token] / 1.05  # whatever its sign
    end = want[signs.turn_end]
    want[signs.turn_end] = end / 1.1 if end > 0 else end * 1.1
    for token in {signs.chunk_end, signs.padding, *bad}:
        want[token] = -math.inf
    torch.testing.assert_close(rule.adjusted(logits), want)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2200), st.integers(0, 300))
def test_a_step_of_sound_sees_the_text_that_is_due_and_known(step: int, text: int) -> None:
    slots, past = TextSlots(speakers=1, text=300, text_step=10, sound_step=50), 302 + step
    limit = min(math.ceil((past - 300) / 50) * 10, 300) + 2
    seen = slots.visible(past, text)
    for slot in range(303):
        assert bool(seen[slot]) == (slot < limit and slot < 1 + 1 + text + 1 and slot != 302)
    assert seen[303:].all() and len(seen) == past + 1


@torch.inference_mode()
def test_codes_become_features_digit_by_digit_and_frames_half_by_half() -> None:
    decoder = CodeDecoder(CodeSizes(features=32, bottleneck=8, width=16, inner=24, blocks=2, bins=10)).eval()
    codes = torch.randint(0, 625, (2, 9, 4), generator=torch.Generator().manual_seed(1))
    features = decoder.features(codes)
    for batch, time in ((0, 0), (1, 8), (0, 5)):
        parts = []
        for group, quantiser in enumerate(decoder.vq_layer["quantizer"].rvqs):
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
def test_windows_are_added_where_they_overlap_and_divided_by_their_sum(frames: int) -> None:
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
