"""What is said, or sounds, over the replies: interruptions, backchannels, and what is neither."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from tests.browser.made_media import RATE_HZ, Pcm
from tests.room_sounds import at_level, babble, blip, clipped_vowel, cough, door, said, television

Kind = Literal["interruption", "backchannel", "noise", "background"]

INTERRUPTIONS = (
    "Stop, that is enough for now.",
    "Wait, I have another question.",
    "No, I meant something else.",
    "Excuse me, what time is it?",
    "Hold on, that is not what I asked.",
    "Can you tell me about the weather instead?",
    "Please stop talking about that.",
    "Sorry, I have to answer the phone.",
    "That is wrong, I think.",
    "Let us talk about dinner.",
)
BACKCHANNELS = ("Mm-hm.", "Yeah.", "Right.", "Okay.", "Uh-huh.", "Yes.", "I see.", "Mm.")
VOICES = ("en-gb-scotland", "en-us+m7", "en-gb+f4", "en-gb", "en-us+f2", "en-gb-x-rp")
BEHIND = (
    "The minister said that the talks would go on until the end of the week.",
    "After the break we will look at the weather for the coast and the mountains.",
)
BEHIND_DBFS = -41.0  # 18 dB below the person in front of the microphone


@dataclass(frozen=True, eq=False)
class Trial:
    """`at_s`: where its sound begins in the microphone's file. `sound` int16 at RATE_HZ."""

    kind: Kind
    name: str
    at_s: float
    sound: Pcm


def trials(interruptions: int, backchannels: int, others: int, first_s: float, every_s: float) -> list[Trial]:
    """All trials in a mixed order, the same each time; one every `every_s` seconds from `first_s` on."""
    voices = cycle(VOICES)
    made: list[tuple[Kind, str, Samples]] = [
        ("interruption", text, said(text, next(voices))) for text in islice(cycle(INTERRUPTIONS), interruptions)
    ]
    made += [("backchannel", text, said(text, next(voices))) for text in islice(cycle(BACKCHANNELS), backchannels)]
    made += list(islice(cycle(_others()), others))
    order = np.random.default_rng(7).permutation(len(made))
    return [
        Trial(kind, name, first_s + every_s * place, _pcm(sound))
        for place, (kind, name, sound) in enumerate(made[which] for which in order)
    ]


def _others() -> list[tuple[Kind, str, Samples]]:
    return [
        ("noise", "a tone", blip()),
        ("noise", "a cough", cough()),
        ("noise", "a door", door()),
        ("noise", "a scrap of voice", clipped_vowel()),
        ("background", "a television", at_level(television(BEHIND, VOICES[1], 2.0), BEHIND_DBFS)),
        ("background", "babble", at_level(babble(BEHIND, VOICES, 2.0), BEHIND_DBFS)),
    ]


def _pcm(samples: Samples) -> Pcm:
    pcm: Pcm = (resample_whole(samples, HEARING_RATE_HZ, RATE_HZ) * 32767).clip(-32767, 32767).astype(np.int16)
    return pcm
