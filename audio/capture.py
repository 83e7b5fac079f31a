"""The microphone and loudspeaker of this machine. Owns no thread: PortAudio calls back on its own.

PortAudio is asked for only when a device is opened or listed, so everything else works without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import NOTHING, Resampler

BLOCK_S = 0.02
VOICE_RATE_HZ = 24_000

Device = int | str | None  # number or part of the name; None is the system's choice
OnLost = Callable[[str], None]


class NoSoundDevice(ValueError):
    """There is no PortAudio, or no device that would do. The text says what to do."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device as PortAudio knows it; channels are 0 in the direction it cannot."""

    number: int
    name: str
    inputs: int
    outputs: int
    rate: int


def list_devices() -> list[SoundDevice]:
    """All devices, none if there is none. Raises NoSoundDevice without PortAudio."""
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
    """What both directions share: opening at a rate the device has, and noticing that it is gone."""

    kind: str  # "input" or "output", PortAudio's words

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
        """Gives the device back; closing twice is fine."""
        self._closing = True
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _device_rate(self, portaudio: Any) -> int:
        """Ours where the device can do it, else its own."""
        check = portaudio.check_input_settings if self.kind == "input" else portaudio.check_output_settings
        try:
            check(device=self.device, channels=1, dtype="float32", samplerate=self.rate)
        except portaudio.PortAudioError:
            return round(portaudio.query_devices(self.device, self.kind)["default_samplerate"])
        return self.rate

    def _finished(self) -> None:
        """PortAudio's word that the stream is over; if we did not ask for it, the device is gone."""
        if not self._closing:
            thing = "microphone" if self.kind == "input" else "loudspeaker"
            self._on_lost(f"The {thing} is gone: plug it in again, or choose another one.")

    @abstractmethod
    def _adapt(self, device_rate: int) -> None:
        """The device will run at this rate."""

    @abstractmethod
    def _called_back(self, block: Any, frames: int, time: Any, status: Any) -> None:
        """PortAudio's callback: `block` is (frames, 1) float32, to be read or to be filled."""


class LocalMicrophone(_Stream):
    """Calls `on_chunk` with 16 kHz chunks of about 20 ms, from PortAudio's thread: be quick there."""

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
        self._heard = 0

    def _adapt(self, device_rate: int) -> None:
        self._resampler = Resampler(device_rate, self.rate)

    def _called_back(self, block: Any, frames: int, time: Any, status: Any) -> None:
        sound = np.nan_to_num(block[:, 0], posinf=0.0, neginf=0.0)  # a copy: PortAudio takes its buffer back
        samples = self._resampler.push(sound)
        if len(samples):
            self._on_chunk(Chunk(samples, self.rate, self._heard))
            self._heard += len(samples)


class LocalSpeaker(_Stream):
    """Asks `pull(n)` for the next `n` samples at `rate`, from PortAudio's thread; fewer are filled up with silence."""

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
        self._ready: Samples = NOTHING

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
    except (ImportError, OSError) as error:  # OSError: the module is there, the library is not
        raise NoSoundDevice(
            "PortAudio is not installed, so this machine's microphone and loudspeaker cannot be used. "
            "On Debian or Ubuntu: apt install libportaudio2. Everything else works without it."
        ) from error
    return sounddevice


def _advice(portaudio: Any, kind: str, device: Device, error: Exception) -> str:
    thing = "microphone" if kind == "input" else "loudspeaker"
    able = [found["name"] for found in portaudio.query_devices() if found[f"max_{kind}_channels"]]
    if not able:
        return f"This machine has no {thing}: connect one, or use the browser of another device."
    which = f"The {thing} {device!r}" if device is not None else f"The {thing}"
    return f"{which} cannot be opened ({error}). There are: {'; '.join(able)}."
