"""Checks the microphone, loudspeaker and camera of this machine, which `omnilive talk` uses."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import numpy as np

from audio.capture import LocalMicrophone, LocalSpeaker, NoSoundDevice, list_devices
from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from ui.checks.finding import Finding
from vision.sources.capture import LocalCameraStream, list_cameras

LISTEN_S = 0.5
TIMEOUT_S = 3.0
SILENCE_RMS = 1e-5  # below this the microphone is muted; a quiet room is louder
ONLY_TALK = "`omnilive talk` needs one; the page uses the browser's"
FIRST_FRAMES = 5  # the first ones of a camera may fail


def check_devices() -> Iterator[Finding]:
    try:
        count = len(list_devices())
    except NoSoundDevice as error:
        yield Finding("portaudio", "warning", "not installed", str(error))
    else:
        yield Finding("portaudio", "ok", f"installed; {count} sound devices")
        yield _microphone()
        yield _loudspeaker()
    yield _camera()


def _microphone() -> Finding:
    heard: list[Chunk] = []
    enough = threading.Event()

    def keep(chunk: Chunk) -> None:
        heard.append(chunk)
        if chunk.end >= LISTEN_S * HEARING_RATE_HZ:
            enough.set()

    try:
        with LocalMicrophone(on_chunk=keep):
            enough.wait(TIMEOUT_S)
    except NoSoundDevice as error:
        return Finding("microphone", "warning", str(error), ONLY_TALK)
    if not heard:
        return Finding("microphone", "warning", "opens, but sends nothing", "unplug it and plug it in again")
    loudness = float(np.sqrt(np.mean(np.square(np.concatenate([chunk.samples for chunk in heard])))))
    if loudness < SILENCE_RMS:
        return Finding("microphone", "warning", "sends silence", "check that it is switched on and not muted")
    level = 20 * math.log10(loudness)
    return Finding("microphone", "ok", f"records the room at {level:.0f} dBFS", figures={"microphone_dbfs": level})


def _loudspeaker() -> Finding:
    def silence(count: int) -> Samples:
        return np.zeros(count, np.float32)

    try:
        with LocalSpeaker(pull=silence):
            return Finding("loudspeaker", "ok", "opens")
    except NoSoundDevice as error:
        return Finding("loudspeaker", "warning", str(error), ONLY_TALK)


def _camera() -> Finding:
    cameras = list_cameras()
    if not cameras:
        return Finding(
            "camera", "warning", "This machine has no camera.", "`omnilive talk` works without one, but does not see"
        )
    try:
        with LocalCameraStream(cameras[0].device) as camera:
            seen = [picture for picture in (camera.read() for _frame in range(FIRST_FRAMES)) if picture is not None]
    except ValueError as error:
        return Finding("camera", "warning", f"{cameras[0].name} does not work", str(error))
    if not seen:
        return Finding("camera", "warning", f"{cameras[0].name} sends no pictures", "unplug it and plug it in again")
    return Finding("camera", "ok", f"{cameras[0].name}, {seen[-1].width} x {seen[-1].height}")
