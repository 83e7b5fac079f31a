"""The interfaces of models for sound, so that another package can provide one."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, runtime_checkable

from audio.chunk import Samples
from audio.transcribe import Transcript
from audio.voice_timing import SpokenPhrase


class Recogniser(Protocol):
    """An ASR model, such as `audio.transcribe.Transcriber`. Used by one thread at a time."""

    def warm_up(self) -> None: ...

    def transcribe(self, samples_16k: Samples, *, careful: bool = False) -> Transcript:
        """The words in (n,) float32 samples at 16 kHz. `careful` may take longer for higher accuracy."""
        ...


@runtime_checkable
class TranscribesInSteps(Protocol):
    """A recogniser whose transcripts need not be finished."""

    def transcribing(self, samples_16k: Samples, *, quickly: bool = False) -> Generator[None, None, Transcript]:
        """As `Recogniser.transcribe`; between its steps it may be given up. `quickly` may be less accurate."""
        ...


class VoiceModel(Protocol):
    """A TTS model, such as `audio.voices.voice.Synthesizer`. Used by one thread at a time."""

    @property
    def rate(self) -> int:
        """Samples per second."""
        ...

    def warm_up(self) -> None: ...

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as sound with the times of its words; no samples if nothing in it can be spoken."""
        ...


class TurnEndJudge(Protocol):
    """A model that hears whether a turn is over, such as `audio.turn_end.smart_turn.SmartTurn`."""

    def probability(self, samples_16k: Samples) -> float:
        """The probability, 0..1, that the speech in (n,) samples, which end in a pause, is a finished turn."""
        ...
