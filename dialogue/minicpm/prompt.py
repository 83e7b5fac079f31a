"""What stands in the text where a picture or a sound will be, and how messages become one prompt.

Pure text: the rows of pictures and sound are put in their places by `embedding.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.minicpm.audio_encoder import FRAMES_PER_S, row_count
from dialogue.minicpm.slicing import Plan
from dialogue.minicpm.vocabulary import UNKNOWN

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


@dataclass(frozen=True, slots=True)
class Message:
    """One turn as text, placeholders included. `role` is system, user, assistant or tool."""

    role: str
    text: str


def chatml(messages: Sequence[Message], opening: str | None = None) -> str:
    """Qwen's format. `opening` is what the assistant's turn begins with; None leaves the conversation open."""
    turns = "".join(f"<|im_start|>{message.role}\n{message.text}<|im_end|>\n" for message in messages)
    return turns if opening is None else f"{turns}<|im_start|>assistant\n{opening}"


def llama3(messages: Sequence[Message]) -> str:
    """Llama 3's format; the assistant's turn is always opened. The tokenizer begins the text itself."""
    turns = "".join(
        f"<|start_header_id|>{message.role}<|end_header_id|>\n\n{message.text.strip()}<|eot_id|>"
        for message in messages
    )
    return f"{turns}<|start_header_id|>assistant<|end_header_id|>\n\n"


SPOKEN_OPENING_O26 = "<|spk_bos|><|spk|><|spk_eos|><|tts_bos|>"
SPOKEN_OPENING_O45 = "<think>\n\n</think>\n\n<|tts_bos|>"
DEFAULT_SYSTEM = "You are a helpful assistant."
