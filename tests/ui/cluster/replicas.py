"""What the replicas of a test cluster are made of; runs in their processes."""

from __future__ import annotations

from stream.models.capacity import Capacity
from stream.models.setup import Setup
from stream.session.session_start import SessionStart
from tests.ui.caller import SETUP, NoModels, RememberingSession
from ui.call.times import CallTimes
from ui.http.server import Service


async def open_parts() -> NoModels:
    return NoModels(Capacity(1, "1 conversation"))


def open_session(name: str, _parts: NoModels, _setup: Setup, start: SessionStart) -> RememberingSession:
    return RememberingSession(name, start)


def new_service() -> Service[NoModels]:
    """A server with one place, whose sessions only remember."""
    return Service(SETUP, open_parts, open_session, times=CallTimes(vanished_s=60.0, resume_s=20.0, connect_s=60.0))
