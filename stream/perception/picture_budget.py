"""How many pictures a minute an engine gets: its context sets it."""

from __future__ import annotations

from dialogue.engine import Engine
from vision.frames.picture_choice import PictureChoiceSettings

# The pictures of a minute may take a quarter of the context, at the size of one slice.
SHARE, PICTURE_TOKENS = 0.25, 64
MOST_PER_MIN = 20.0
# A second of sound, words and replies takes fewer tokens, so an older picture may have left the context.
TOKENS_PER_S = 64
STILL_EVERY_S = PictureChoiceSettings.still_every_s


def picture_budget(engine: Engine) -> PictureChoiceSettings:
    """The budget of an engine that sees; the usual one for the captioner of another."""
    if not engine.can.sees:
        return PictureChoiceSettings()
    limit = max(engine.context().limit, PICTURE_TOKENS)
    still_every_s = min(limit / TOKENS_PER_S, STILL_EVERY_S)
    per_min = min(max(limit * SHARE / PICTURE_TOKENS, 60 / still_every_s), MOST_PER_MIN)
    return PictureChoiceSettings(per_min=per_min, still_every_s=still_every_s)
