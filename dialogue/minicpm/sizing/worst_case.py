"""The worst that a session can be given, for measuring: a full context, a loud second, a picture full of detail; and
how much memory such a session takes.
"""

from __future__ import annotations

import numpy as np

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.minicpm.audio.mel import RATE, Samples
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM

SPARE_TOKENS = 2000  # in a measured session's cache, for what is measured


def fill(cache: KVCache, length: int) -> None:
    """As if so many tokens were in it. Memory that was never written to would be read too fast."""
    cache.storage.normal_()
    cache.advance(length - cache.length)


def noise() -> Samples:
    """A second."""
    return (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)


def picture() -> EncodedPicture:
    """Of one slice, as in every unit."""
    return EncodedPicture(np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8), max_slices=1)


def rows_bytes(decoder: Decoder, rows: int) -> int:
    """Of so many tokens in a cache."""
    return decoder.new_cache(16).storage.nbytes // 16 * rows


def session_bytes(model: MiniCPM, context: int) -> int:
    """What one session keeps: a context of so many tokens, and what its ear has heard."""
    ear = model.hearing.encoder.cache().nbytes if model.hearing is not None else 0
    return rows_bytes(model.decoder, context + SPARE_TOKENS) + ear
