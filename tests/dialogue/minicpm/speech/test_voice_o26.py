"""The voice of o 2.6: text in any pieces becomes sound, long replies are spoken in segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from dialogue.llm.batching import run_stream
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech.voice_o26 import SAMPLES_PER_CODE, SpeechStreamO26, VoiceO26

Open = Callable[[Kind], MiniCPM]


def voice_o26(model: MiniCPM) -> VoiceO26:
    assert isinstance(model.voice, VoiceO26)
    return model.voice


def spoken(voice: VoiceO26, pieces: Sequence[str]) -> Tensor:
    hidden = torch.randn(128, generator=torch.Generator().manual_seed(3))
    speaker = SpeechStreamO26(voice, hidden, torch.Generator().manual_seed(4))
    parts = [part for piece in pieces for part in run_stream(speaker.add(piece))]
    return torch.cat([torch.zeros(0), *parts, *run_stream(speaker.end())])


def test_audio_does_not_depend_on_how_text_is_cut(model: Open) -> None:
    voice = voice_o26(model(Kind.O26))
    text = "hello, a nice day."
    whole = spoken(voice, [text])
    assert len(whole) % SAMPLES_PER_CODE == 0 and whole.abs().max() > 0.01
    torch.testing.assert_close(spoken(voice, list(text)), whole)


def test_no_text_gives_no_audio(model: Open) -> None:
    assert len(spoken(voice_o26(model(Kind.O26)), [""])) == 0


def test_a_long_reply_is_spoken_in_segments(model: Open) -> None:
    voice = voice_o26(model(Kind.O26))
    text = "a sentence of some length that is said again. " * 4 + "and more."
    sound = spoken(voice, [text])
    every_call = len(text) // 10 * 25 * SAMPLES_PER_CODE
    assert len(sound) > 0.9 * every_call


def test_audio_has_the_length_of_its_codes(model: Open) -> None:
    codes = torch.randint(0, 625, (7, 4), generator=torch.Generator().manual_seed(0)).tolist()
    assert voice_o26(model(Kind.O26)).sound([codes, codes]).shape == (2, 7 * SAMPLES_PER_CODE)
