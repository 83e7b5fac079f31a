"""Opens the microphone and loudspeaker of this machine through PortAudio, which calls back from its own thread.

PortAudio is imported only when a device is opened or listed, so everything else works without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import NO_SAMPLES, Resampler

BLOCK_S = 0.02
VOICE_RATE_HZ = 24_000

Device = int | str | None  # number or part of the name; None is the system's default
OnLost = Callable[[str], None]


class NoSoundDevice(ValueError):
    """PortAudio is missing, or no suitable device can be opened. The message says what to do."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device as PortAudio lists it; a direction that it does not support has 0 channels."""

    number: int
    name: str
    inputs: int
    outputs: int
    rate: int


def list_devices() -> list[SoundDevice]:
    """All sound devices; an empty list if there are none. Raises NoSoundDevice without PortAudio."""
    return [
        SoundDevice(
            number,
            str(device["name"]),
            int(device["max_input_channels"]),
            int(device["max_output_channels"]),
            round(device["default_samplerate"]),
        )
        for number, device in enumerate(_portaudio().query_devices())
    ]


class _Stream(ABC):
    """Shared by both directions: opens the device at a rate it supports, and reports its loss."""

    kind: str  # "input" or "output", PortAudio's terms

    def __init__(self, device: Device, rate: int, on_lost: OnLost) -> None:
        self.device, self.rate, self._on_lost = device, rate, on_lost
        self._stream: Any = None
        self._closing = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Opens the device. Raises NoSoundDevice."""
        if self._stream is not None:
            return
        portaudio = _portaudio()
        self._closing = False
        stream_of = portaudio.InputStream if self.kind == "input" else portaudio.OutputStream
        try:
            device_rate = self._device_rate(portaudio)
            self._adapt(device_rate)
            self._stream = stream_of(
                device=self.device,
                samplerate=device_rate,
                blocksize=round(device_rate * BLOCK_S),
                channels=1,
                dtype="float32",
                latency="low",
                callback=self._called_back,
                finished_callback=self._finished,
            )
            self._stream.start()
        except (portaudio.PortAudioError, ValueError) as error:
            self._stream = None
            raise NoSoundDevice(_advice(portaudio, self.kind, self.device, error)) from error

    def close(self) -> None:
        """Releases the device; may be called twice."""
        self._closing = True
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _device_rate(self, portaudio: Any) -> int:
        """The requested rate where the device supports it, else the device's default."""
        check = portaudio.check_input_settings if self.kind == "input" else portaudio.check_output_settings
        try:
            check(device=self.device, channels=1, dtype="float32", samplerate=self.rate)
        except portaudio.PortAudioError:
            default: float = portaudio.query_devices(self.device, self.kind)["default_samplerate"]
            return round(default)
        return self.rate

    def _finished(self) -> None:
        """PortAudio's notice that the stream has ended; unless `close` asked for it, the device is lost."""
        if not self._closing:
            device = "microphone" if self.kind == "input" else "loudspeaker"
            self._on_lost(f"The {device} is gone: plug it in again, or choose another one.")

    @abstractmethod
    def _adapt(self, device_rate: int) -> None:
        """Prepares to resample between the stream's rate and the device's rate."""

    @abstractmethod
    def _called_back(self, block: Any, frames: int, time: Any, status: Any) -> None:
        """PortAudio's callback: `block` is (frames, 1) float32, to read (input) or to fill (output)."""


class LocalMicrophone(_Stream):
    """Calls `on_chunk` with 16 kHz chunks of about 20 ms, from PortAudio's thread: it must return quickly."""

    kind = "input"

    def __init__(
        self,
        device: Device = None,
        rate: int = HEARING_RATE_HZ,
        *,
        on_chunk: Callable[[Chunk], None],
        on_lost: OnLost = lambda _reason: None,
    ) -> None:
        super().__init__(device, rate, on_lost)
        self._on_chunk = on_chunk
        self._position = 0  # samples delivered

    def _adapt(self, device_rate: int) -> None:
        self._resampler = Resampler(device_rate, self.rate)

    def _called_back(self, block: Any, frames: int, time: Any, status: Any) -> None:
        sound = np.nan_to_num(block[:, 0], posinf=0.0, neginf=0.0)  # a copy: PortAudio reuses its buffer
        samples = self._resampler.push(sound)
        if len(samples):
            self._on_chunk(Chunk(samples, self.rate, self._position))
            self._position += len(samples)


class LocalSpeaker(_Stream):
    """Asks `pull(n)` for the next `n` samples at `rate`, from PortAudio's thread; fewer are padded with silence."""

    kind = "output"

    def __init__(
        self,
        device: Device = None,
        rate: int = VOICE_RATE_HZ,
        *,
        pull: Callable[[int], Samples],
        on_lost: OnLost = lambda _reason: None,
    ) -> None:
        super().__init__(device, rate, on_lost)
        self._pull = pull
        self._ready: Samples = NO_SAMPLES

    def _adapt(self, device_rate: int) -> None:
        self._resampler = Resampler(self.rate, device_rate)

    def _called_back(self, block: Any, frames: int, time: Any, status: Any) -> None:
        while len(self._ready) < frames:
            missing = frames - len(self._ready)
            wanted = -(-missing * self.rate // self._resampler.rate_out)
            samples = self._pull(wanted)[:wanted]
            filled = np.pad(samples, (0, wanted - len(samples)))
            self._ready = np.concatenate([self._ready, self._resampler.push(filled)])
        block[:, 0] = self._ready[:frames]
        self._ready = self._ready[frames:]


def _portaudio() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the module is installed, the library is not
        raise NoSoundDevice(
            "PortAudio is not installed, so this machine's microphone and loudspeaker cannot be used. "
            "On Debian or Ubuntu: apt install libportaudio2. Everything else works without it."
        ) from error
    return sounddevice


def _advice(portaudio: Any, kind: str, device: Device, error: Exception) -> str:
    noun = "microphone" if kind == "input" else "loudspeaker"
    available = [found["name"] for found in portaudio.query_devices() if found[f"max_{kind}_channels"]]
    if not available:
        return f"This machine has no {noun}: connect one, or use the browser of another device."
    which = f"The {noun} {device!r}" if device is not None else f"The {noun}"
    return f"{which} cannot be opened ({error}). Available: {'; '.join(available)}."
