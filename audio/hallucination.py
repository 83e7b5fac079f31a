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
# Credits that end the films of its training data, in languages other than English. Nobody says them to an assistant.
CREDITS = re.compile(
    r"amara\.org|sous-titr|subtítulos (?:realizados|por)|sottotitoli (?:e revisione|creati|di)|legendas (?:pela|por)"
    r"|qtss|merci d'avoir regardé|gracias por ver (?:el|este) v[ií]deo|obrigad[oa] por assistir"
    r"|字幕(?:由|by|志愿者|提供|组|製作|制作)|(?:不吝)?点赞 ?订阅|不吝點贊|明镜与点点"
    r"|谢谢(?:大家)?(?:观看|收看)|謝謝(?:大家)?(?:觀看|收看)|ご視聴ありがとう",
    re.IGNORECASE,
)
MAX_WORDS_PER_S = 7.0  # the fastest announcers reach six
MIN_DURATION_FOR_RATE_S = 1.0
# Chinese and Japanese write a syllable or a short word with each character, and no spaces.
MAX_CHARACTERS_PER_S = 11.0
CHARACTER = re.compile("[\u3040-\u30ff\u3400-\u9fff]")

_LOOP = re.compile(r"(\b.{1,80}?)(?:[\s,.!?;:-]+\1\b){2,}|([\u3040-\u9fff]{2,20}?)\2{2,}", re.IGNORECASE)


def is_hallucination(text: str, no_speech: float, mean_log_probability: float) -> bool:
    """Whether to discard `text`, since nothing was said."""
    bare = re.sub(r"[^\w' ]", "", text).strip().casefold()
    if not bare or CREDITS.search(text):
        return True
    if bare in STOCK_PHRASES and no_speech > STOCK_NO_SPEECH and mean_log_probability < STOCK_LOG_PROBABILITY:
        return True
    return no_speech > NO_SPEECH and mean_log_probability < UNSURE_LOG_PROBABILITY


def is_looping(text: str, seconds: float) -> bool:
    """Whether the text repeats itself, or has more words than a person can say in `seconds`."""
    raw = text.encode()
    words, characters = len(text.split()), len(CHARACTER.findall(text))
    too_many = words > MAX_WORDS_PER_S * seconds + 2 or characters > MAX_CHARACTERS_PER_S * seconds + 2
    too_fast = seconds >= MIN_DURATION_FOR_RATE_S and too_many
    return too_fast or len(raw) / len(zlib.compress(raw)) > LOOPING_COMPRESSION


def without_loops(text: str) -> str:
    """Three or more repetitions in a row become one."""
    return _LOOP.sub(lambda loop: loop[1] or loop[2], text)
