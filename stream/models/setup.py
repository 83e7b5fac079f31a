"""What a setup is: one frozen record and a few named presets. Knows no environment and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dialogue.errors import BadInput

if TYPE_CHECKING:  # it comes with torch, which takes seconds to import
    from dialogue.llm.precision import Quantisation
    from dialogue.tools.tool import Tool

CONSENT = (
    "a voice is cloned from its recording, which takes the consent of the person who speaks in it: with it, add "
    "--speaker-consents (in Python, speaker_consents=True); without it, leave the voice out"
)

STAGES = (
    "transcript",
    "turn_decided",
    "first_token",
    "first_phrase",
    "first_sound_made",
    "first_sound_sent",
    "first_sound_heard",
)

# Seconds after the user's last speech sample. Set from the first measurements of docs/latency.md.
LAPTOP_BUDGET_S: Mapping[str, float] = {
    "transcript": 0.45,
    "turn_decided": 0.50,
    "first_token": 0.60,
    "first_phrase": 0.65,
    "first_sound_made": 0.70,
    "first_sound_sent": 0.75,
    "first_sound_heard": 0.90,
}

# Where the model hears by itself and takes turns, nobody waits for a transcript. The answer is begun in the first
# silence (0.13 s); what is left of the user's last second goes in first, and a machine that is as full as capacity
# allows takes up to 0.75 s for that. Half a second of speech, ten tokens and their sound, takes half as long again.
HEARING_BUDGET_S: Mapping[str, float] = {
    "turn_decided": 0.50,
    "first_token": 1.00,
    "first_phrase": 1.35,
    "first_sound_made": 1.40,
    "first_sound_sent": 1.45,
    "first_sound_heard": 1.60,
}

# Full duplex waits for whole seconds by design. Before it can know that the user is done there must be some silence in
# a second (0.4 s, as much as our own rule wants), so that the second may end 1.4 s after the last word; it waits 0.08 s
# for those of other sessions, and computing it, words and sound, takes up to 0.75 s.
DUPLEX_BUDGET_S: Mapping[str, float] = {
    "turn_decided": 2.25,
    "first_token": 2.25,
    "first_sound_made": 2.25,
    "first_sound_sent": 2.30,
    "first_sound_heard": 2.45,
}

# Where our voice reads for it, a first phrase is up to ten words, and a second brings three or four.
READ_DUPLEX_BUDGET_S: Mapping[str, float] = {
    "turn_decided": 2.25,
    "first_token": 2.25,
    "first_phrase": 4.30,
    "first_sound_made": 4.40,
    "first_sound_sent": 4.45,
    "first_sound_heard": 4.60,
}


@dataclass(frozen=True)
class Setup:
    """How one machine runs the assistant."""

    name: str
    engine: str
    about: str
    capacity: int = 2  # sessions at once; one more is told to try again
    sessions: int | None = None  # so many at once, whatever the machine was measured to keep up with
    context_tokens: int = 2048
    looks_per_s: float = 2.0  # detection at most this often
    read_every_s: float = 4.0  # text is read at least this often while something moves
    hangover_s: float = 0.40  # silence after which a turn is over
    hangover_unfinished_s: float = 0.90  # where the words say that the user is in the middle of a sentence
    speculate_after_s: float = 0.13  # silence after which the answer is prepared
    partial_every_s: float = 0.5  # of new speech between two partial transcripts
    budget_s: Mapping[str, float] = field(default_factory=lambda: LAPTOP_BUDGET_S)
    remote_url: str | None = None  # an OpenAI-compatible server, for engine "remote"
    remote_model: str | None = None
    model_path: Path | None = None  # the folder of a downloaded model, for the engines that run one
    precision: Quantisation = "bfloat16"  # of its language model; "auto" is for the engine "chat_model"
    device: str = "auto"  # where it runs: "auto" takes a graphics card if there is one
    captioner_path: Path | None = None  # the folder of a model that describes pictures to a mind that cannot see
    caption_every_s: float = 4.0  # at most this often
    window: Literal["basic", "context"] = "basic"  # what leaves the context of a duplex engine when it is full
    voice: Path | None = None  # a recording of somebody to speak like
    speaker_consents: bool = False  # who has agreed to it: the user's word, without which the recording is refused
    tools: tuple[Tool, ...] = ()  # functions of the user's own, for a model that calls functions

    def __post_init__(self) -> None:
        """Raises BadInput for a voice that is taken without its owner's consent."""
        if self.voice is not None and not self.speaker_consents:
            raise BadInput(CONSENT)


SETUPS: Mapping[str, Setup] = {
    "laptop": Setup("laptop", "embedded", "embedded models on a 2-core CPU; nothing leaves the machine"),
    "scripted": Setup("scripted", "scripted", "canned lines instead of a model: load tests and demos", capacity=16),
    "minicpm": Setup(
        "minicpm",
        "minicpm",
        "a MiniCPM of yours (--model) thinks, and sees, hears and speaks as far as it can; the rest as in laptop",
        context_tokens=4096,
    ),
    "llm": Setup(
        "llm",
        "chat_model",
        "a chat model of yours (--llm) thinks; ears, eyes and voice as in laptop",
        context_tokens=4096,
        precision="auto",
    ),
    "remote": Setup("remote", "remote", "an OpenAI-compatible server thinks; ears, eyes and voice stay here"),
}
