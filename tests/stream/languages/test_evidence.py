"""Which sounds are evidence of another language."""

from __future__ import annotations

import numpy as np

from audio.transcribe import Transcript
from stream.languages.evidence import may_be_foreign


def test_a_greeting_does_not_wait_for_models_that_open() -> None:
    """ "Hello." in two clear voices had a confidence of 0.43 and 0.45, and "Thank you." for a French question 0.21."""
    noise = np.random.default_rng(0).standard_normal(30_000).astype(np.float32) * 0.1
    sound = np.concatenate([noise[:16_000] * 0.01, noise[16_000:]])
    assert not may_be_foreign(Transcript("Hello.", 0.2, 0.45), sound)
    assert may_be_foreign(Transcript("Thank you.", 0.2, 0.21), sound)
    assert may_be_foreign(Transcript("Okay, all that is.", 0.2, 0.51), sound)
