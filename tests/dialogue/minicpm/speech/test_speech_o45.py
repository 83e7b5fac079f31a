"""The codes of the voice of o 4.5: every kind of memory, turns longer than the cache."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dialogue.llm.batching import run_alone
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech.speech_o45 import Memory, SpeechDecoderO45

Open = Callable[[Kind], MiniCPM]


def best(_logits: Tensor, spread: Tensor) -> int:
    return int(spread.argmax())


def voice_o45(model: MiniCPM) -> SpeechDecoderO45:
    assert isinstance(model.voice, SpeechDecoderO45)
    return model.voice


@pytest.mark.parametrize("memory", ["full_attention", "sliding_recompute", "sliding_window", "reindex"])
def test_every_memory_decodes_chunk_after_chunk(model: Open, memory: Memory) -> None:
    voice = voice_o45(model(Kind.O45))
    turn = voice.start(memory=memory, window=40)
    for seed in range(5):
        hidden = torch.randn(4, 128, generator=torch.Generator().manual_seed(seed))
        condition = voice.with_start(voice.condition([1, 2, 3, 4], hidden))
        codes = list(voice.chunk(turn, condition, best, limit=12))
        assert 0 < len(codes) <= 12 and voice.end not in codes


def test_a_turn_longer_than_its_cache_continues(model: Open) -> None:
    voice = voice_o45(model(Kind.O45))
    turn = voice.start(capacity=100)
    for seed in range(8):
        hidden = torch.randn(3, 128, generator=torch.Generator().manual_seed(seed))
        assert run_alone(voice.second(turn, voice.with_start(voice.condition([5, 6, 7], hidden)), best, least=26))
        assert turn.cache.length <= 100
