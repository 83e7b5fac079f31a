"""Detects ASR hallucinations and loops from the text and its two probabilities.

Whisper transcribes every sound: silence and noise become a stock phrase of its training data, and a decoder that
loses track repeats the same words. For zeros, noise, hum and clicks of 0.15-8 s tiny.en returned "you" in 50 of 50
cases, with a no-speech probability of 0.61-0.95 and a mean log probability of -0.85 or less.
"""

from __future__ import annotations

import re
import zlib

# From the reference implementation: https://github.com/openai/whisper/blob/main/whisper/transcribe.py
LOOPING_COMPRESSION = 2.4
# The reference drops at 0.6 and -1.0; with states of silence after the speech a spoken "No." reaches 0.72.
NO_SPEECH = 0.75
UNSURE_LOG_PROBABILITY = -0.8

# A spoken "Thank you." stays above -0.7, a hallucinated one below.
STOCK_NO_SPEECH = 0.55
STOCK_LOG_PROBABILITY = -0.7
STOCK_PHRASES = frozenset(
    (
        "you",
        "thank you",
        "thanks for watching",
        "thank you for watching",
        "please subscribe",
        "we'll be right back",
        "see you next time",
        "music",
        "silence",
        "applause",
        "blank_audio",
    )
)
MAX_WORDS_PER_S = 7.0  # the fastest announcers reach six
MIN_DURATION_FOR_RATE_S = 1.0

_LOOP = re.compile(r"(\b.{1,80}?)(?:[\s,.!?;:-]+\1\b){2,}", re.IGNORECASE)


def is_hallucination(text: str, no_speech: float, mean_log_probability: float) -> bool:
    """Whether to discard `text`, since nothing was said."""
    bare = re.sub(r"[^\w' ]", "", text).strip().casefold()
    if not bare:
        return True
    if bare in STOCK_PHRASES and no_speech > STOCK_NO_SPEECH and mean_log_probability < STOCK_LOG_PROBABILITY:
        return True
    return no_speech > NO_SPEECH and mean_log_probability < UNSURE_LOG_PROBABILITY


def is_looping(text: str, seconds: float) -> bool:
    """Whether the text repeats itself, or has more words than a person can say in `seconds`."""
    raw = text.encode()
    too_fast = seconds >= MIN_DURATION_FOR_RATE_S and len(text.split()) > MAX_WORDS_PER_S * seconds + 2
    return too_fast or len(raw) / len(zlib.compress(raw)) > LOOPING_COMPRESSION


def without_loops(text: str) -> str:
    """Three or more repetitions in a row become one."""
    return _LOOP.sub(r"\1", text)
