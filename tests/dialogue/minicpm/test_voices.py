"""Codes and sound: the voices of o 2.6 and o 4.5, seams, and the calls of a vocoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from dialogue.llm.batching import alone, outputs
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech.dvae import LEVELS, Codebook
from dialogue.minicpm.speech.speech_backbone import narrowed, penalised
from dialogue.minicpm.speech.speech_o26 import TextSlots
from dialogue.minicpm.speech.speech_o45 import Memory, SpeechDecoderO45
from dialogue.minicpm.speech.token2wav import LOOK_AHEAD, SILENCE, CodeFeed
from dialogue.minicpm.speech.vocos import Joiner
from dialogue.minicpm.speech.voice_o26 import SAMPLES_A_CODE, SpeechStreamO26, VoiceO26

Open = Callable[[Kind], MiniCPM]


def best(_logits: Tensor, spread: Tensor) -> int:
    return int(spread.argmax())


def voice_o26(model: MiniCPM) -> VoiceO26:
    assert isinstance(model.voice, VoiceO26)
    return model.voice


def voice_o45(model: MiniCPM) -> SpeechDecoderO45:
    assert isinstance(model.voice, SpeechDecoderO45)
    return model.voice


def spoken(voice: VoiceO26, pieces: Sequence[str]) -> Tensor:
    hidden = torch.randn(128, generator=torch.Generator().manual_seed(3))
    speaker = SpeechStreamO26(voice, hidden, torch.Generator().manual_seed(4))
    parts = [part for piece in pieces for part in outputs(speaker.add(piece))]
    return torch.cat([torch.zeros(0), *parts, *outputs(speaker.end())])


def test_text_becomes_sound_however_it_is_cut(model: Open) -> None:
    voice = voice_o26(model(Kind.O26))
    text = "hello, a nice day."
    whole = spoken(voice, [text])
    assert len(whole) % SAMPLES_A_CODE == 0 and whole.abs().max() > 0.01
    torch.testing.assert_close(spoken(voice, list(text)), whole)


def test_no_text_is_no_sound(model: Open) -> None:
    assert len(spoken(voice_o26(model(Kind.O26)), [""])) == 0


def test_a_long_answer_is_spoken_in_segments(model: Open) -> None:
    voice = voice_o26(model(Kind.O26))
    text = "a sentence of some length that is said again. " * 4 + "and more."
    sound = spoken(voice, [text])
    every_call = len(text) // 10 * 25 * SAMPLES_A_CODE
    assert len(sound) > 0.9 * every_call


def test_text_is_seen_as_sound_grows() -> None:
    slots = TextSlots(speakers=1, text=300, text_step=10, sound_step=50)
    assert slots.sound == 302
    known = 33  # tokens of text

    def seen(step: int) -> int:
        return int(slots.visible(slots.sound + step, known)[: slots.sound + 1].sum())

    assert [seen(step) for step in (0, 48, 49, 98, 99, 149, 500)] == [12, 12, 22, 22, 32, 36, 36]
    assert slots.visible(slots.sound + 5, known)[slots.sound + 1 :].all()


def test_codes_are_numbers_in_base_five() -> None:
    book = Codebook(8)
    for group in book.rvqs:
        torch.nn.init.eye_(group.project_out.weight)
        torch.nn.init.zeros_(group.project_out.bias)
    centre = sum(2 * LEVELS**digit for digit in range(4))
    assert not book(torch.tensor([[[centre, centre, centre, centre]]])).any()
    lowest = book(torch.tensor([[[0, centre, centre, 624]]]))[0, :, 0]
    torch.testing.assert_close(lowest, torch.tensor([-1.0] * 4 + [0.25] * 4))


@pytest.mark.parametrize("hold_all", [True, False])
def test_pieces_are_joined_without_a_seam(hold_all: bool) -> None:
    signal = torch.randn(6000, generator=torch.Generator().manual_seed(1))
    joiner = Joiner(overlap=500, hold_all=hold_all)
    cuts = [(0, 2000), (1500, 3500), (3000, 6000)]
    out = [joiner.add(signal[start:end]) for start, end in cuts]
    torch.testing.assert_close(torch.cat([*out, joiner.end()]), signal)
    assert len(out[0]) == (0 if hold_all else 1500)
    assert not len(joiner.end())


def test_sound_lasts_as_long_as_its_codes(model: Open) -> None:
    codes = torch.randint(0, 625, (7, 4), generator=torch.Generator().manual_seed(0)).tolist()
    assert voice_o26(model(Kind.O26)).sound([codes, codes]).shape == (2, 7 * SAMPLES_A_CODE)


@pytest.mark.parametrize("memory", ["full_attention", "sliding_recompute", "sliding_window", "reindex"])
def test_every_memory_speaks_chunk_after_chunk(model: Open, memory: Memory) -> None:
    voice = voice_o45(model(Kind.O45))
    turn = voice.start(memory=memory, window=40)
    for seed in range(5):
        hidden = torch.randn(4, 128, generator=torch.Generator().manual_seed(seed))
        condition = voice.opened(voice.condition([1, 2, 3, 4], hidden))
        codes = list(voice.chunk(turn, condition, best, limit=12))
        assert 0 < len(codes) <= 12 and voice.end not in codes


def test_a_turn_longer_than_its_room_goes_on(model: Open) -> None:
    voice = voice_o45(model(Kind.O45))
    turn = voice.start(capacity=100)
    for seed in range(8):
        hidden = torch.randn(3, 128, generator=torch.Generator().manual_seed(seed))
        assert alone(voice.second(turn, voice.opened(voice.condition([5, 6, 7], hidden)), best, least=26))
        assert turn.cache.length <= 100


def test_penalty_counts_and_narrowing_keeps_the_best() -> None:
    scores = torch.tensor([2.0, -2.0, 1.0])
    torch.testing.assert_close(penalised(scores, [0, 0, 1], 2.0), torch.tensor([0.5, -4.0, 1.0]))
    kept = narrowed(torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0]), top_p=0.1, top_k=1, at_least=3)
    assert kept.isfinite().tolist() == [True, True, True, False, False]


def test_a_vocoder_is_called_once_a_second_and_looks_ahead() -> None:
    feed = CodeFeed()
    calls = [call for code in range(60) for call in feed.add([code])]
    assert calls[0] == [SILENCE] * LOOK_AHEAD + list(range(25))
    assert calls[1] == list(range(22, 50))
    assert feed.end() == list(range(47, 60))
    assert feed.end() == [SILENCE] * LOOK_AHEAD
