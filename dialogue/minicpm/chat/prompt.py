"""What stands in the text where a picture or a sound will be, and the fixed pieces of prompts.

Pure text: the rows of pictures and sound are put in their places by `embedding.py`.
"""

from __future__ import annotations

from dialogue.llm.checkpoints.vocabulary import UNKNOWN
from dialogue.minicpm.audio.audio_encoder import FRAMES_PER_S, row_count
from dialogue.minicpm.vision.slicing import Plan

SOUND_START, SOUND_END = "<|audio_start|>", "<|audio_end|>"


def picture_text(plan: Plan, queries: int, nested: bool = False, number: int | None = None) -> str:
    """The overview, then the crops row by row; `queries` placeholders each.

    `number` names the picture in models that count their pictures. `nested` is 2.5's way, which puts crops into
    image tags of their own inside one slice tag.
    """
    named = "" if number is None else f"<image_id>{number}</image_id>"
    overview = f"<image>{UNKNOWN * queries}</image>"
    if plan.grid is None:
        return named + overview
    cols, rows = plan.grid
    crop = overview if nested else f"<slice>{UNKNOWN * queries}</slice>"
    crops = "\n".join([crop * cols] * rows)
    return named + overview + (f"<slice>{crops}</slice>" if nested else crops)


def sound_text(samples: int, pool: int, by_second: bool) -> str:
    """Placeholders of a clip, in one group or in one for every second begun."""
    return "".join(f"{SOUND_START}{UNKNOWN * rows}{SOUND_END}" for rows in sound_groups(samples, pool, by_second))


def sound_groups(samples: int, pool: int, by_second: bool) -> list[int]:
    """Placeholders in each group of a clip of this many samples."""
    rows = row_count(samples, pool)
    if not by_second:
        return [rows]
    full = FRAMES_PER_S // pool
    return [min(full, rows - begun) for begun in range(0, rows, full)]


SPOKEN_OPENING_O26 = "<|spk_bos|><|spk|><|spk_eos|><|tts_bos|>"
NO_THOUGHTS = "<think>\n\n</think>\n\n"
SPOKEN_OPENING_O45 = f"{NO_THOUGHTS}<|tts_bos|>"
DEFAULT_SYSTEM = "You are a helpful assistant."
