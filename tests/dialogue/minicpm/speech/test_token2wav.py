"""token2wav with random weights: published numbers, streams against one pass, seams, voice prompts.

Covers `token2wav.py`, `flow*.py`, `hift*.py`, `stream_state.py` and `voice_prompt.py`.

Also tests `dialogue/minicpm/tiny/token2wav.py` and `flow_encoder.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers.audio_utils import mel_filter_bank

from dialogue.errors import BadInput
from dialogue.minicpm.speech.flow import Flow, FlowState
from dialogue.minicpm.speech.flow_encoder import sinusoids
from dialogue.minicpm.speech.hift import Hift
from dialogue.minicpm.speech.stream_state import StreamState
from dialogue.minicpm.speech.token2wav import (
    HELD_FRAMES,
    LOOK_AHEAD,
    RATE,
    SILENCE,
    CodeFeed,
    SpeakingVoice,
    VoiceStream,
)
from dialogue.minicpm.speech.token2wav_files import FOLDER, open_token2wav
from dialogue.minicpm.speech.voice_prompt import VoicePrompt, filter_banks, prompt_mel
from dialogue.minicpm.tiny.token2wav import FLOW_SIZES, HIFT_SIZES, random_tensors, write_token2wav
from tests.dialogue.minicpm.session_inputs import second

HOP = 480


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("o45")
    write_token2wav(folder / FOLDER, seeded())
    return folder


@pytest.fixture(scope="module")
def voice(checkpoint: Path) -> SpeakingVoice:
    networks, reader = open_token2wav(checkpoint)
    return networks.voice(reader.read(np.concatenate([second(1), second(2)])))


@pytest.fixture(scope="module")
def flow(checkpoint: Path) -> Flow:
    return open_token2wav(checkpoint)[0].flow


@pytest.fixture(scope="module")
def published() -> dict[str, np.ndarray]:
    """Outputs of the published sources of Step-Audio 2 for the same random weights and inputs."""
    with np.load(Path(__file__).with_name("token2wav_published.npz")) as found:
        return dict(found)


def codes(count: int, seed: int = 0) -> list[int]:
    return torch.randint(0, 6561, (count,), generator=seeded(seed)).tolist()


class Blocks(StreamState):
    """The mask of a stream of pieces in one pass: each piece and the pieces before it."""

    size = 0

    def seen(self, new: int, total: int) -> torch.Tensor:
        block = torch.arange(total) // self.size
        return block[total - new :, None] >= block


class CodeBlocks(Blocks):
    size = 25


class FrameBlocks(Blocks):
    size = 50


@torch.inference_mode()
def test_the_flow_equals_the_published_one(published: dict[str, np.ndarray]) -> None:
    flow = Flow(FLOW_SIZES).eval()
    flow.load_state_dict(random_tensors(flow, seeded(11)))
    heard, said = torch.tensor(codes(23, 1)), torch.tensor(codes(60, 4))
    speaker = torch.randn(80, generator=seeded(3))
    state = flow.begin(heard, torch.randn(40, 80, generator=seeded(2)), speaker)
    cuts = ((0, 28, False), (25, 53, False), (50, 60, True))
    made = torch.cat([flow.piece(state, said[start:end], speaker, last) for start, end, last in cuts])
    torch.testing.assert_close(made, torch.tensor(published["mel"]), atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_hift_equals_the_published_one(published: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """Audio from a given source, and the source alone without noise, which is drawn in another order. Phases are sums
    of thousands of radians, so rounding shows in the source."""
    hift = Hift(HIFT_SIZES).eval()
    tensors = random_tensors(hift, seeded(12))
    tensors["f0_predictor.classifier.bias"] += 120  # voiced frames
    tensors["conv_post.weight"] *= 0.1
    hift.load_state_dict(tensors)
    mel, given = torch.randn(1, 58, 80, generator=seeded(5)), 0.1 * torch.randn(1, 58 * HOP, generator=seeded(6))
    sound, _ = hift(mel, given)
    torch.testing.assert_close(sound[0, ::11], torch.tensor(published["sound"]), atol=1e-5, rtol=1e-4)
    monkeypatch.setattr(torch, "randn", lambda shape, generator: torch.zeros(shape))
    _, source = hift(mel, None, seeded(7))
    begun = -(-8 * HOP // 11)  # the published run was given its first eight frames
    torch.testing.assert_close(source[0, ::11][begun:], torch.tensor(published["source"])[begun:], atol=1e-3, rtol=0)


@torch.inference_mode()
def test_mel_in_pieces_equals_one_pass_with_the_same_mask(flow: Flow) -> None:
    given, speaker = torch.tensor(codes(75 + LOOK_AHEAD)), torch.randn(80, generator=seeded(1))
    whole = FlowState(by_code=CodeBlocks(), by_frame=FrameBlocks())
    want = flow.piece(whole, given, speaker)
    state = FlowState()
    got = [flow.piece(state, given[start : start + 25 + LOOK_AHEAD], speaker) for start in (0, 25, 50)]
    assert want.shape == (150, 80)
    torch.testing.assert_close(torch.cat(got), want, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_a_key_is_scored_by_its_distance(flow: Flow) -> None:
    attention: Any = flow.encoder.encoders[0].self_attn
    query = torch.randn(1, attention.heads, 4, attention.head_dim, generator=seeded(1))
    scores = attention._by_distance(query, 7)
    for new, key in ((0, 0), (0, 6), (3, 0), (3, 6), (2, 4)):
        distance = (7 - 4 + new) - key  # negative where the key comes later in the piece
        place = attention.linear_pos(sinusoids(torch.tensor([distance]), FLOW_SIZES.width))[0]
        want = torch.einsum("hd,hd->h", query[0, :, new], place.view(attention.heads, -1))
        torch.testing.assert_close(scores[0, :, new, key], want)


@torch.inference_mode()
def test_every_input_of_a_piece_changes_its_mel(flow: Flow) -> None:
    """Codes, speaker, prompt and earlier codes: each changes the mel."""
    prompt = flow.begin(
        torch.tensor(codes(10 + LOOK_AHEAD, 5)), torch.randn(20, 80, generator=seeded(2)), torch.ones(80)
    )

    def made(seed: int = 0, speaker: float = 1.0, state: FlowState | None = None) -> torch.Tensor:
        voice = torch.linspace(-1, speaker, 80)
        return flow.piece(state or prompt.copy(), torch.tensor(codes(28, seed)), voice)

    usual, later = made(), prompt.copy()
    made(seed=3, state=later)
    for other in (made(seed=1), made(speaker=5.0), made(state=FlowState()), made(state=later)):
        assert (usual - other).abs().max() > 1e-3
    torch.testing.assert_close(made(), usual)


@torch.inference_mode()
def test_the_last_piece_has_no_look_ahead(flow: Flow) -> None:
    assert len(flow.piece(FlowState(), torch.tensor(codes(13)), torch.ones(80), last=True)) == 26
    assert len(flow.piece(FlowState(), torch.tensor(codes(13)), torch.ones(80))) == 20


@torch.inference_mode()
def test_a_long_turn_keeps_its_prompt_and_the_last_two_seconds(voice: SpeakingVoice) -> None:
    flow, state = voice.networks.flow, voice.begun.copy()
    prompt = state.by_frame.length
    assert prompt == 100
    for seed in range(5):
        flow.piece(state, torch.tensor(codes(28, seed)), voice.speaker)
        assert state.by_frame.length == min(prompt + 50 * (seed + 1), prompt + 100)
        assert 2 * state.by_code.length == state.by_frame.length
    assert voice.begun.by_frame.length == prompt


def turn(stream: VoiceStream, given: list[int]) -> list[np.ndarray]:
    feed = CodeFeed()
    made = [stream.stream(call, last=False) for call in feed.add(given)]
    return [*made, stream.stream(feed.end(), last=True)]


def test_a_second_of_codes_is_a_second_of_sound(voice: SpeakingVoice) -> None:
    pieces = turn(voice(), codes(60))
    assert [len(piece) for piece in pieces[:-1]] == [RATE, RATE]
    # 63 codes with the three at the start of a turn; the silence in front replaces the held-back frames.
    assert sum(map(len, pieces)) == (60 + 3) * 2 * HOP + HELD_FRAMES * HOP
    assert not pieces[0][: HELD_FRAMES * HOP].any()
    assert all(np.isfinite(piece).all() and np.abs(piece).max() <= 1.1 for piece in pieces)


def test_the_same_seed_gives_the_same_audio_and_turns_are_independent(voice: SpeakingVoice) -> None:
    one, other = voice(seed=1), voice(seed=1)
    first = np.concatenate(turn(one, codes(40)))
    np.testing.assert_array_equal(np.concatenate(turn(other, codes(40))), first)
    np.testing.assert_array_equal(np.concatenate(turn(one, codes(40))), first)
    other.stream(codes(28, 7), last=False)  # interrupted
    other.restart()
    np.testing.assert_array_equal(np.concatenate(turn(other, codes(40))), first)
    assert not np.array_equal(np.concatenate(turn(voice(seed=2), codes(40))), first)


def test_two_sessions_do_not_mix(voice: SpeakingVoice) -> None:
    alone = [np.concatenate(turn(voice(), codes(60, seed))) for seed in (1, 2)]
    one, other = voice(), voice()
    feeds, sounds = [CodeFeed(), CodeFeed()], [list[np.ndarray](), list[np.ndarray]()]
    for start in (0, 30):
        for stream, feed, seed, sound in zip((one, other), feeds, (1, 2), sounds, strict=True):
            sound += [stream.stream(call, last=False) for call in feed.add(codes(60, seed)[start : start + 30])]
    for stream, feed, sound, want in zip((one, other), feeds, sounds, alone, strict=True):
        sound.append(stream.stream(feed.end(), last=True))
        np.testing.assert_array_equal(np.concatenate(sound), want)


@torch.inference_mode()
def test_overlapping_frames_are_synthesised_from_the_same_source(voice: SpeakingVoice) -> None:
    hift = voice.networks.hift
    mel = torch.randn(1, 20, 80, generator=seeded(3))
    sound, source = hift(mel, generator=seeded(4))
    assert sound.shape == source.shape == (1, 20 * HOP)
    begun = source[:, -8 * HOP :]
    _, again = hift(mel[:, -8:], begun, seeded(5))
    torch.testing.assert_close(again, begun)


def test_the_mel_of_a_voice_equals_that_of_the_same_audio_at_24_khz() -> None:
    def sound(rate: int) -> np.ndarray:
        time = np.arange(2 * rate) / rate
        tones = [(220.0, 0.3), (1330.0, 0.1), (5210.0, 0.05), (6900.0, 0.02)]
        waves = np.stack([level * np.sin(2 * np.pi * hz * time) for hz, level in tones])
        total: np.ndarray = waves.sum(axis=0).astype(np.float32)
        return total

    padded = torch.nn.functional.pad(torch.tensor(sound(24_000))[None], (720, 720), mode="reflect")[0]
    sinusoids = torch.stft(padded, 1920, 480, window=torch.hann_window(1920), center=False, return_complex=True)
    filters = mel_filter_bank(961, 80, 0.0, 8000.0, 24_000, norm="slaney", mel_scale="slaney").T
    want = (torch.tensor(filters).float() @ (sinusoids.abs().square() + 1e-9).sqrt()).clamp(min=1e-5).log().T
    got = prompt_mel(sound(16_000))
    assert got.shape == want.shape == (100, 80)
    # The ends are mirrored at another sample; elsewhere only rounding differs.
    loud = want[4:-4] > -4
    torch.testing.assert_close(got[4:-4][loud], want[4:-4][loud], atol=2e-3, rtol=0)


def test_filter_banks_of_a_voice_have_no_mean() -> None:
    banks = filter_banks(second(3))
    assert banks.shape == (98, 80)
    np.testing.assert_allclose(banks.mean(axis=0), 0, atol=1e-4)


def test_a_voice_is_read_from_a_recording_of_the_right_length(checkpoint: Path) -> None:
    _, reader = open_token2wav(checkpoint)
    prompt = reader.read(np.concatenate([second(1), second(2)]))
    assert isinstance(prompt, VoicePrompt)
    assert (len(prompt.codes), prompt.mel.shape, prompt.speaker.shape) == (50, (100, 80), (80,))
    for samples in (second(1)[:9000], np.tile(second(1), 31)):
        with pytest.raises(BadInput, match="one of 1 to 30 s"):
            reader.read(samples)


def test_a_vocoder_is_called_once_a_second_and_looks_ahead() -> None:
    feed = CodeFeed()
    calls = [call for code in range(60) for call in feed.add([code])]
    assert calls[0] == [SILENCE] * LOOK_AHEAD + list(range(25))
    assert calls[1] == list(range(22, 50))
    assert feed.end() == list(range(47, 60))
    assert feed.end() == [SILENCE] * LOOK_AHEAD
