"""A setup's own models: how an engine is to open them, and the describer beside a mind that cannot see. Blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio.chunk import HEARING_RATE_HZ
from audio.resample import resample_whole
from audio.sound_file import read_sound
from dialogue.errors import BadInput
from stream.models.setup import Setup

if TYPE_CHECKING:
    from dialogue.image_text.captioner import Captioner

LONGEST_VOICE_S = 30.0


def own_model_options(setup: Setup) -> dict[str, Any]:
    """What an engine that runs a downloaded model is opened with. Raises BadInput for a recording that will not do."""
    options: dict[str, Any] = {"precision": setup.precision, "device": setup.device}
    if setup.window != "basic":
        options["window"] = setup.window
    if setup.voice is not None:
        try:
            sound = read_sound(setup.voice, LONGEST_VOICE_S)
        except ValueError as error:
            raise BadInput(f"The voice cannot be used: {error}") from error
        options["voice"] = resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ)
    return options


def open_captioner_of(setup: Setup) -> Captioner | None:
    """Raises BadInput where the model will not do."""
    if setup.captioner_path is None:
        return None
    from dialogue.image_text.captioner import open_captioner

    precision = "bfloat16" if setup.precision == "auto" else setup.precision
    return open_captioner(setup.captioner_path, precision, setup.device)
