"""Worst-case inputs for measuring a session: a full context, loud audio, a detailed picture; and its memory."""

from __future__ import annotations

import numpy as np

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.minicpm.audio.mel import RATE, Samples
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM

SPARE_TOKENS = 2000  # cache rows of a measured session for the measured work


def fill(cache: KVCache, length: int) -> None:
    """Set the cache to `length` tokens of random values. Memory that was never written would be read too fast."""
    cache.storage.normal_()
    cache.advance(length - cache.length)


def noise() -> Samples:
    """One second of noise."""
    return (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)


def picture() -> EncodedPicture:
    """A picture of one slice, as in every unit."""
    return EncodedPicture(np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8), max_slices=1)


def rows_bytes(decoder: Decoder, rows: int) -> int:
    """Bytes of `rows` tokens in a cache."""
    return decoder.new_cache(16).storage.nbytes // 16 * rows


def session_bytes(model: MiniCPM, context: int) -> int:
    """Bytes of one session: a context of `context` tokens, and the cache of the audio encoder."""
    encoder = model.audio.encoder.cache().nbytes if model.audio is not None else 0
    return rows_bytes(model.decoder, context + SPARE_TOKENS) + encoder
