"""The local microphone and loudspeaker, on real PortAudio with ALSA's null device and on a fake PortAudio.

The null device is not paced by a clock, so no test here measures time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audio.capture import LocalMicrophone, LocalSpeaker, NoSoundDevice, list_devices
from audio.chunk import Chunk
from tests.audio.tone import sine

ROOT = Path(__file__).parents[2]
NULL_DEVICE = "pcm.!default { type null }\nctl.!default { type hw card 0 }\n"
USE_DEVICES = """
import json, threading
import numpy as np
from audio.capture import LocalMicrophone, LocalSpeaker, list_devices

heard, asked, lost = [], [], []
enough_heard, enough_asked = threading.Event(), threading.Event()

def on_chunk(chunk):
    heard.append((chunk.start, chunk.end, chunk.rate))
    if len(heard) == 50:
        enough_heard.set()

def pull(count):
    asked.append(count)
    if len(asked) == 50:
        enough_asked.set()
    return np.zeros(count // 2, np.float32)

with LocalMicrophone(on_chunk=on_chunk, on_lost=lost.append):
    assert enough_heard.wait(20)
with LocalSpeaker(pull=pull, on_lost=lost.append):
    assert enough_asked.wait(20)
print(json.dumps({"devices": [device.name for device in list_devices()], "heard": heard[:50], "asked": asked[:50],
                  "lost": lost}))
"""


@pytest.fixture
def on_null_device(tmp_path: Path) -> dict[str, Any]:
    """What a process records and plays whose only sound device is ALSA's null."""
    try:
        import sounddevice  # noqa: F401
    except OSError:
        pytest.skip("PortAudio is not installed: apt install libportaudio2")
    (tmp_path / "asound.conf").write_text(NULL_DEVICE)
    ran = subprocess.run(
        [sys.executable, "-c", USE_DEVICES],
        env={**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    if ran.returncode and "This machine has no" in ran.stderr:
        pytest.skip("this PortAudio is built without ALSA")
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def test_a_real_stream_is_recorded_without_gaps_and_played_as_requested(on_null_device: dict[str, Any]) -> None:
    heard = on_null_device["heard"]
    assert heard[0][0] == 0 and {rate for _start, _end, rate in heard} == {16_000}
    assert all(end == start for (_, end, _), (start, _, _) in pairwise(heard))
    assert min(on_null_device["asked"]) > 0
    assert on_null_device["lost"] == [], "closing a device is not a loss"
    assert "default" in on_null_device["devices"]


class FakePortAudio(ModuleType):
    """A PortAudio with one device of 48 kHz; tests call its callbacks."""

    class PortAudioError(Exception):
        pass

    def __init__(self, channels: int = 1, opens: bool = True) -> None:
        super().__init__("sounddevice")
        self.channels, self.opens = channels, opens
        self.stream: SimpleNamespace = SimpleNamespace()
        self.InputStream = self.OutputStream = self._open
        self.check_input_settings = self.check_output_settings = self._check

    def query_devices(self, device: object = None, kind: str | None = None) -> Any:
        found = {
            "name": "USB device",
            "default_samplerate": 48_000.0,
            "max_input_channels": self.channels,
            "max_output_channels": self.channels,
        }
        return found if kind else [found]

    def _check(self, samplerate: int, **_rest: object) -> None:
        if samplerate != 48_000:
            raise self.PortAudioError("Invalid sample rate")

    def _open(self, **asked: Any) -> SimpleNamespace:
        if not self.opens:
            raise self.PortAudioError("Device unavailable")
        self.stream = SimpleNamespace(**asked, start=lambda: None, close=asked["finished_callback"])
        return self.stream


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_without_portaudio_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    for use in (list_devices, LocalMicrophone(on_chunk=print).start, LocalSpeaker(pull=np.zeros).start):
        with pytest.raises(NoSoundDevice, match="apt install libportaudio2"):
            use()


def test_without_a_device_the_message_says_so(portaudio: FakePortAudio) -> None:
    portaudio.channels, portaudio.opens = 0, False
    with pytest.raises(NoSoundDevice, match="no microphone: connect one"):
        LocalMicrophone(on_chunk=print).start()
    with pytest.raises(NoSoundDevice, match="no loudspeaker: connect one"):
        LocalSpeaker(pull=np.zeros).start()


def test_a_device_that_fails_to_open_is_named_with_the_available_ones(portaudio: FakePortAudio) -> None:
    portaudio.opens = False
    with pytest.raises(NoSoundDevice, match=r"'headset' cannot be opened \(Device unavailable\).*USB device"):
        LocalMicrophone("headset", on_chunk=print).start()


def test_a_device_of_another_rate_is_resampled_both_ways(portaudio: FakePortAudio) -> None:
    chunks: list[Chunk] = []
    sound = sine(1000, 1.0, 48_000)
    with LocalMicrophone(on_chunk=chunks.append):
        assert portaudio.stream.samplerate == 48_000
        for at in range(0, len(sound), 960):
            portaudio.stream.callback(sound[at : at + 960, None], 960, None, None)
    heard = np.concatenate([chunk.samples for chunk in chunks])
    assert chunks[0].rate == 16_000 and chunks[-1].end == len(heard)
    np.testing.assert_allclose(heard[800:15_000], sine(1000, 1.0, 16_000)[800:15_000], atol=1e-3)

    voice, place = sine(1000, 1.0, 24_000), 0

    def pull(count: int) -> Any:
        nonlocal place
        place += count
        return voice[place - count : place]

    played = np.zeros((50, 960, 1), np.float32)
    with LocalSpeaker(pull=pull):
        for block in played:
            portaudio.stream.callback(block, 960, None, None)
    out = played.reshape(-1)
    lag = int(np.argmax(np.correlate(out[2000:6000], sound[2000:4000], "valid")))
    np.testing.assert_allclose(out[2000 + lag : 40_000], sound[2000 : 40_000 - lag], atol=2e-3)


def test_nan_and_infinite_samples_of_a_driver_become_silence(portaudio: FakePortAudio) -> None:
    chunks: list[Chunk] = []
    with LocalMicrophone(rate=48_000, on_chunk=chunks.append):
        portaudio.stream.callback(np.array([[np.nan], [np.inf], [0.5]], np.float32), 3, None, None)
    assert list(chunks[0].samples) == [0, 0, 0.5]


@pytest.mark.parametrize("kind", ["microphone", "loudspeaker"])
def test_an_unplugged_device_is_reported_and_closing_is_not(portaudio: FakePortAudio, kind: str) -> None:
    lost: list[str] = []
    device = (
        LocalMicrophone(on_chunk=print, on_lost=lost.append)
        if kind == "microphone"
        else LocalSpeaker(pull=np.zeros, on_lost=lost.append)
    )
    device.start()
    device.close()
    device.close()
    assert lost == []
    device.start()
    portaudio.stream.finished_callback()
    assert len(lost) == 1 and f"The {kind} is gone" in lost[0]
