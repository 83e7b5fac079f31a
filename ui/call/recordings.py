"""The folder in which a server records calls whose callers have agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stream.recording.call_recording import RecordingRequest


@dataclass(frozen=True, slots=True)
class Recordings:
    """`version` is the program's, kept in each recording."""

    folder: Path
    version: str

    def request(self, name: str) -> RecordingRequest:
        """What has the session of the call `name` recorded."""
        now = datetime.now().astimezone()
        folder = self.folder / f"{now:%Y-%m-%d_%H-%M-%S}_{name}"
        return RecordingRequest(folder, {"began": now.isoformat(timespec="milliseconds"), "omnilive": self.version})
