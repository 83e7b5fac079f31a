"""What a speech recogniser and a synthesised voice must offer, so that others can be plugged in."""

from __future__ import annotations

from typing import Protocol

from audio.chunk import Samples
from audio.transcribe import Transcript
from audio.voice_timing import SpokenPhrase


class Recogniser(Protocol):
    """Speech to text; `audio.transcribe.Transcriber` is one. Used by one thread at a time."""

    def warm_up(self) -> None: ...

    def transcribe(self, samples_16k: Samples, *, careful: bool = False) -> Transcript:
        """(n,) float32 at 16 kHz. `careful` may take longer to be right more often."""
        ...


class VoiceModel(Protocol):
    """Text to speech; `audio.voice.Synthesizer` is one. Used by one thread at a time."""

    @property
    def rate(self) -> int:
        """Samples a second."""
        ...

    def warm_up(self) -> None: ...

    def spoken(self, phrase: str) -> SpokenPhrase:
        """The phrase as sound with the times of its words; no samples where nothing in it can be spoken."""
        ...
