"""Writes one call to a folder: what was heard, seen and played, all events of turn-taking and all output events.

Files: `events.jsonl`, a line each; `microphone.wav` on the clock of its samples; `voice.wav` on the session clock, both
16 kHz, 16 bits; `camera/SECONDS.jpg`, at most two a second. A thread writes them: the event loop waits for no disk.
"""

from __future__ import annotations

import json
import logging
import queue
import shutil
import threading
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import Resampler
from stream.recording.event_json import to_json
from stream.runtime.events import AudioReceived, Expressed, FrameReceived, Perceived
from stream.turns.decisions import Decision
from stream.turns.events import TurnEvent
from vision.picture import Picture

log = logging.getLogger(__name__)

EVENTS, MICROPHONE, VOICE, CAMERA = "events.jsonl", "microphone.wav", "voice.wav", "camera"
VERSION = 1
QUEUED = 8000  # writes; about a minute of a call, then writes are lost and counted
QUEUED_WITH_PICTURES = 500  # with more waiting, pictures are left out: each is a megabyte
LEAST_FREE_BYTES = 1_000_000_000  # on the disk; with less the recording ends, and the call goes on
CHECK_EVERY = 500  # writes
PICTURE_EVERY_S = 0.5
JITTER_S = 0.2  # of the times at which the voice is pulled: more is a gap
CLOSE_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class RecordingRequest:
    """Asks for a recording in a new folder, with what is to be known `about` the call."""

    folder: Path
    about: Mapping[str, Any]

    def begin(self, about_session: Mapping[str, Any]) -> CallRecording | None:
        """The recording; None where the disk does not allow it."""
        try:
            recording = CallRecording(self.folder, {**self.about, **about_session})
        except OSError as error:
            log.warning("The call cannot be recorded in %s: %s", self.folder, error)
            return None
        log.info("The call is recorded in %s.", self.folder)
        return recording


class CallRecording:
    """Records one call in a new folder, which only its owner may read. `about` is written first, with a version.

    Raises OSError where the folder cannot be made. `played` may be called from any thread.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        folder.mkdir(mode=0o700, parents=True)
        self._folder, self.lost = folder, 0
        self._writes: queue.Queue[Callable[[], None] | None] = queue.Queue(QUEUED)
        self._lines = (folder / EVENTS).open("w", encoding="utf-8")
        self._microphone, self._voice = _wav(folder / MICROPHONE), _wav(folder / VOICE)
        self._resampler: Resampler | None = None
        self._pulled = 0  # samples of the voice since the session began
        self._pictured_at = float("-inf")
        self._line({"version": VERSION, **about})
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)
        self._thread.start()

    def decided(self, at: float, event: TurnEvent, decisions: Sequence[Decision]) -> None:
        """An event of turn-taking that came at `at` on the session clock, and what it decided."""
        line = {"at": at, "event": to_json(event), "decisions": to_json(list(decisions))}
        self._put(lambda: self._line(line))

    def perceived(self, at: float, event: Perceived) -> None:
        match event:
            case AudioReceived(chunk):
                self._put(lambda: _add(self._microphone, chunk.start, chunk.samples))
            case FrameReceived(picture):
                if at - self._pictured_at >= PICTURE_EVERY_S and self._writes.qsize() < QUEUED_WITH_PICTURES:
                    self._pictured_at = at
                    self._put(lambda: self._picture(at, picture))
            case _:
                line = {"at": at, "perceived": to_json(event)}
                self._put(lambda: self._line(line))

    def expressed(self, at: float, event: Expressed) -> None:
        line = {"at": at, "expressed": to_json(event)}
        self._put(lambda: self._line(line))

    def played(self, at: float, samples: Samples, rate: int) -> None:
        """Sound that goes out from `at` on the session clock, silence too, in order."""
        due = round(at * rate)
        start = self._pulled if abs(due - self._pulled) < JITTER_S * rate else due
        self._pulled = start + len(samples)
        self._put(lambda: self._play(start, samples, rate))

    def close(self) -> None:
        """Writes what is queued and closes the files. Blocks for at most CLOSE_WITHIN_S."""
        self._writes.put(None, timeout=CLOSE_WITHIN_S)
        self._thread.join(CLOSE_WITHIN_S)

    def _put(self, write: Callable[[], None]) -> None:
        try:
            self._writes.put_nowait(write)
        except queue.Full:
            self.lost += 1

    def _write(self) -> None:
        done = 0
        try:
            while (write := self._writes.get()) is not None:
                if done % CHECK_EVERY == 0 and shutil.disk_usage(self._folder).free < LEAST_FREE_BYTES:
                    raise OSError("the disk is nearly full")
                write()
                done += 1
        except OSError as error:
            log.warning("The recording %s ends early: %s.", self._folder.name, error)
        finally:
            self._end()
        while self._writes.get() is not None:  # of a recording that ended early
            pass

    def _end(self) -> None:
        try:
            self._line({"lost": self.lost})
            for file in (self._lines, self._microphone, self._voice):
                file.close()
        except OSError:
            log.warning("The recording %s could not be closed.", self._folder.name)

    def _line(self, line: Mapping[str, Any]) -> None:
        self._lines.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _picture(self, at: float, picture: Picture) -> None:
        folder = self._folder / CAMERA
        folder.mkdir(exist_ok=True)
        Image.fromarray(picture.rgb).save(folder / f"{at:09.3f}.jpg", quality=80)

    def _play(self, start: int, samples: Samples, rate: int) -> None:
        self._resampler = self._resampler or Resampler(rate, HEARING_RATE_HZ)
        _add(self._voice, round(start * HEARING_RATE_HZ / rate), self._resampler.push(samples))


def _wav(path: Path) -> wave.Wave_write:
    file = wave.open(str(path), "wb")  # noqa: SIM115 - the recording closes it
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(HEARING_RATE_HZ)
    return file


def _add(file: wave.Wave_write, start: int, samples: Samples) -> None:
    """Adds samples that begin at `start`; silence takes the place of what was lost."""
    gap = start - file.tell()
    if gap > HEARING_RATE_HZ // 50:
        file.writeframes(bytes(2 * gap))
    file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
