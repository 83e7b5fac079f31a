"""Says what leaves the machine with a setup, and what stays on it after a call: for the terminal and for the page."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dialogue.engines.settings import Sent
from stream.models.setup import Setup

# What goes to the server of a larger model: the questions that are passed on to it.
SentToDelegate = Literal["questions", "questions_with_pictures"]


def sent_elsewhere(setup: Setup) -> Sent | SentToDelegate | None:
    """What goes to another server; None where nothing does."""
    if not setup.engine.server:
        if setup.delegate is None or not setup.delegate.url:
            return None
        return "questions_with_pictures" if setup.delegate.sees else "questions"
    return setup.engine.sent


def privacy(setup: Setup, recordings: Path | None = None) -> str:
    """Sentences for the terminal. `recordings` is the folder of recorded calls."""
    kept = f" What is said and seen in calls is kept in {setup.remember}." if setup.remember is not None else ""
    kept += f" Calls whose callers agree are recorded in {recordings}." if recordings is not None else ""
    match sent_elsewhere(setup):
        case "words":
            return f"What you say or type, and what the camera sees, is sent as text to {setup.engine.server}.{kept}"
        case "pictures":
            return f"What you say or type goes to {setup.engine.server}, and pictures of the camera too.{kept}"
        case "sound" | "sound_with_pictures" as sent:
            seen = ", and pictures of the camera too" if sent == "sound_with_pictures" else ""
            return f"The sound of the microphone goes to {setup.engine.server}{seen}.{kept}"
        case "questions" | "questions_with_pictures" as sent:
            assert setup.delegate is not None, "questions go to the larger model"
            seen = "the camera's picture" if sent == "questions_with_pictures" else "words about what the camera sees"
            asked = f"What you ask the larger model for is sent to {setup.delegate.url}, with the turns before it"
            return f"{asked} and {seen}; everything else stays on this machine.{kept}"
        case None:
            return f"Nothing that you say or show leaves this machine.{kept}"
