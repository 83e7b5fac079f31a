"""Whether a sound is evidence enough of another language to fetch models for it, or to wait for them. Pure.

Measured with the small English recogniser: clear sentences of six other languages gave a confidence of 0.26 to 0.53,
English ones 0.64 and more, and English of foreign speakers in noise of 10 dB 0.54 and more. In louder noise English is
as doubtful as another language, and so is the beginning of a sentence: neither is evidence.
"""

from __future__ import annotations

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.loudness import FRAME_S, sounding_s
from audio.transcribe import Transcript
from dialogue.languages.detect import has_common_words_alone

# A clear sentence: as long as this, and the loud frames this far above the quiet ones.
SENTENCE_S, CLEAR_DB = 1.5, 12.0
# The recogniser's confidence in English words of a clear sentence, below which they are hardly English.
FOREIGN = 0.48
# The same for words that wait while models are opened, which takes a second, once: a short Spanish question had 0.51.
# Common English words are believed earlier: "Hello." had 0.43, and "Thank you.", for a French question, 0.21.
DOUBTED, DOUBTED_COMMON = 0.54, 0.4


def is_clear_sentence(sound: Samples) -> bool:
    """Whether (n,) samples at 16 kHz hold a sentence's length of sound that stands out from the room."""
    return sounding_s(sound, HEARING_RATE_HZ) >= SENTENCE_S and _contrast_db(sound) >= CLEAR_DB


def is_foreign(heard: Transcript, sound: Samples) -> bool:
    """Whether a finished sound, heard as English words, is a clear sentence of another language."""
    return heard.confidence < FOREIGN and heard.no_speech < 1.0 and is_clear_sentence(sound)


def may_be_foreign(heard: Transcript, sound: Samples) -> bool:
    """Whether a finished sound, heard as English words, stands out from the room and is hardly English."""
    least = DOUBTED_COMMON if has_common_words_alone(heard.text) else DOUBTED
    return heard.confidence < least and heard.no_speech < 1.0 and _contrast_db(sound) >= CLEAR_DB


def _contrast_db(sound: Samples) -> float:
    """Between the loudest and the quietest tenth of the frames."""
    frame = round(FRAME_S * HEARING_RATE_HZ)
    frames = sound[: len(sound) // frame * frame].reshape(-1, frame)
    quiet, loud = np.percentile(np.einsum("ij,ij->i", frames, frames), [10, 90])
    return float(10 * np.log10((loud + 1e-12) / (quiet + 1e-12)))
