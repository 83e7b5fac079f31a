"""--camera of `omnilive run`: a camera of the server, a film or a stream for its calls."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stream.models.setup import Setup

if TYPE_CHECKING:
    from stream.session.session_start import SessionStart
    from ui.call.call_session import CallSession


def add_camera_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--camera",
        metavar="SOURCE",
        help="see with this in every call, in place of the page's camera: the number of a camera of this machine, a "
        "video file, or the address of a stream (rtsp://, http://); every caller can then ask what it shows; default: "
        "the page's camera",
    )


def camera_sessions(options: argparse.Namespace) -> Callable[[str, Any, Setup, SessionStart], CallSession] | None:
    """How sessions are opened that see with the camera; None without the option. Raises BadInput."""
    if options.camera is None:
        return None
    from stream.session.session import Session
    from ui.call.server_camera import CameraSession
    from ui.local.camera import SharedCamera

    camera = SharedCamera(options.camera)
    return lambda name, parts, setup, start: CameraSession(
        Session(name=name, parts=parts, setup=setup, start=start), camera
    )
