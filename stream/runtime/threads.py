"""The threads that own the models of a process."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.runtime.device_thread import DeviceThread

BACKGROUND_NICENESS = 10
# Where a pause has both at once, the words come before the judgement of the sound: an answer needs them.
JUDGING_NICENESS = 5


@dataclass
class Threads:
    """One thread per model, so that none waits for another: a partial transcript must not delay synthesis."""

    llm: DeviceThread = field(default_factory=lambda: DeviceThread("llm"))
    asr: DeviceThread = field(default_factory=lambda: DeviceThread("asr"))
    voice: DeviceThread = field(default_factory=lambda: DeviceThread("tts"))
    vision: DeviceThread = field(default_factory=lambda: DeviceThread("vision", BACKGROUND_NICENESS))
    turn_end: DeviceThread = field(default_factory=lambda: DeviceThread("turn-end", JUDGING_NICENESS))
    captioner: DeviceThread = field(default_factory=lambda: DeviceThread("captioner", BACKGROUND_NICENESS))
    languages: DeviceThread = field(default_factory=lambda: DeviceThread("languages", BACKGROUND_NICENESS))
    documents: DeviceThread = field(default_factory=lambda: DeviceThread("documents", BACKGROUND_NICENESS))

    def all(self) -> tuple[DeviceThread, ...]:
        models = self.llm, self.asr, self.turn_end, self.voice, self.vision, self.captioner
        return *models, self.languages, self.documents

    @property
    def needed(self) -> tuple[DeviceThread, ...]:
        """Those without which no conversation goes on."""
        return self.llm, self.asr, self.voice
