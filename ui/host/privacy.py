"""Says what leaves the machine with a setup, and what stays on it after a call: for the terminal and for the page."""

from __future__ import annotations

from typing import Literal

from dialogue.engines.settings import RemoteSettings
from stream.models.setup import Setup

# What goes to another server: everything that is said, as text; pictures of the camera as well.
Sent = Literal["words", "pictures"]


def sent_elsewhere(setup: Setup) -> Sent | None:
    """What goes to the server of the language model; None where there is none."""
    if not setup.engine.server:
        return None
    return "pictures" if isinstance(setup.engine, RemoteSettings) and setup.engine.sees else "words"


def privacy(setup: Setup) -> str:
    """Sentences for the terminal."""
    kept = f" What is said and seen in calls is kept in {setup.remember}." if setup.remember is not None else ""
    match sent_elsewhere(setup):
        case "words":
            return f"What you say or type, and what the camera sees, is sent as text to {setup.engine.server}.{kept}"
        case "pictures":
            return f"What you say or type goes to {setup.engine.server}, and pictures of the camera too.{kept}"
        case None:
            return f"Nothing that you say or show leaves this machine.{kept}"
