"""Toy parts for stage tests: a VAD by loudness, a transcriber with a fixed text, a voice of constant sound.

Only for tests of `stream`; the real ones run in tests/stream/session/test_session_real_models.py and in the browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from audio.chunk import Chunk, Samples
from audio.models import Recogniser, VoiceModel
from audio.transcribe import Transcript
from audio.voice_activity import SpeechProbability, VoiceActivityDetector
from dialogue.blocks import Block, ReplyBlock, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, Mark, TextDelta
from stream.models.parts import Parts
from stream.runtime.threads import Threads

HOP = 512
SECONDS_A_WORD = 0.25


@dataclass
class ToyVoiceState:
    pending: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    end: int = 0


class ToyActivity:
    """Loud sound counts as speech."""

    def __init__(self) -> None:
        self._states: dict[int, ToyVoiceState] = {}

    def step(self, state: Any, chunk: Chunk) -> list[SpeechProbability]:
        mine = self._states.setdefault(id(state), ToyVoiceState())
        samples = np.concatenate([mine.pending, chunk.samples])
        hops = []
        while len(samples) >= HOP:
            mine.end += HOP
            hops.append(SpeechProbability(mine.end / chunk.rate, float(np.abs(samples[:HOP]).max() > 0.1)))
            samples = samples[HOP:]
        mine.pending = samples
        return hops


@dataclass
class ToyTranscriber:
    """Transcribes every sound to the same text."""

    says: str = "What do you see?"
    asked: list[float] = field(default_factory=list)  # seconds of each sound
    confidence: float = 1.0
    language: str = "en"

    def transcribe(self, samples: Samples, *, careful: bool = False) -> Any:
        self.asked.append(len(samples) / 16_000)
        return Transcript(self.says, no_speech=0.0, confidence=self.confidence, language=self.language)


@dataclass
class ToyTurnEnd:
    """Always hears the same probability that the turn is over."""

    hears: float

    def probability(self, samples: Samples) -> float:
        return self.hears


class ToyVoice:
    rate = 24_000

    def spoken(self, phrase: str) -> Any:
        words = phrase.split()
        times = [
            SimpleNamespace(word=word, start_s=i * SECONDS_A_WORD, end_s=(i + 1) * SECONDS_A_WORD)
            for i, word in enumerate(words)
        ]
        return SimpleNamespace(
            samples=np.full(round(len(words) * SECONDS_A_WORD * self.rate), 0.5, np.float32), words=times
        )


class BrokenEngineError(RuntimeError):
    pass


@dataclass
class ToyEngine:
    """Answers each question with the next line, a word at a time; keeps what it was fed.

    "@12 word" is an answer that was looked up: it happened at second 12.
    """

    lines: list[str]
    pace_s: float = 0.0
    can: Capabilities = field(default=Capabilities(hears=False, sees=False, speaks=False), init=False)
    fed: list[Block] = field(default_factory=list)
    closed: bool = False

    async def feed(self, block: Block) -> None:
        self.fed.append(block)

    async def reply(self) -> AsyncGenerator[Delta, None]:
        line = self.lines[sum(isinstance(block, ReplyBlock) for block in self.fed) % len(self.lines)]
        if line == "break":
            raise BrokenEngineError("the model fell over")
        recalled, words = None, line.split(" ")
        if words[0].startswith("@"):
            recalled = float(words.pop(0)[1:])
        for word in words:
            await asyncio.sleep(self.pace_s)
            yield TextDelta(word + " ", recalled)
            recalled = None

    async def mark(self) -> Mark:
        return Mark(len(self.fed))

    async def rewind(self, mark: Mark) -> None:
        del self.fed[mark.position :]

    async def close(self) -> None:
        self.closed = True

    def context(self) -> ContextUse:
        return ContextUse({"text": len(self.fed)}, 100)

    @property
    def conversation(self) -> list[str]:
        """The turns of both sides as the engine has them."""
        return [block.text for block in self.fed if isinstance(block, TextBlock | ReplyBlock)]


def toy_parts(
    engine: Callable[[], Engine],
    transcriber: ToyTranscriber | None = None,
    vision_models: Any = None,
    turn_end: ToyTurnEnd | None = None,
) -> Parts:
    return Parts(  # the toys need no warm_up
        voice_activity=cast(VoiceActivityDetector, ToyActivity()),
        transcriber=cast(Recogniser, transcriber or ToyTranscriber()),
        voice=cast(VoiceModel, ToyVoice()),
        vision_models=vision_models,
        new_engine=engine,
        threads=Threads(),
        turn_end=turn_end,
    )
