"""The folder in which a server records calls whose callers have agreed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ui.call.call_session import CallSession

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recordings:
    """`version` is the program's, kept in each recording."""

    folder: Path
    version: str

    def begin(self, session: CallSession, name: str) -> bool:
        """Has the session of the call `name` recorded. Returns False where the disk does not allow it."""
        now = datetime.now().astimezone()
        folder = self.folder / f"{now:%Y-%m-%d_%H-%M-%S}_{name}"
        try:
            session.record(folder, {"began": now.isoformat(timespec="milliseconds"), "omnilive": self.version})
        except OSError as error:
            log.warning("The call %s cannot be recorded: %s", name, error)
            return False
        log.info("the call %s is recorded in %s", name, folder)
        return True
