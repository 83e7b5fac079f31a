"""Which text slots a step of sound sees, against the published formula. Also tests `speech_request.py`."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue.minicpm.speech.speech_o26 import TextSlots


def test_visible_text_grows_with_the_audio() -> None:
    slots = TextSlots(speakers=1, text=300, text_step=10, sound_step=50)
    assert slots.sound == 302
    known = 33  # tokens of text

    def seen(step: int) -> int:
        return int(slots.visible(slots.sound + step, known)[: slots.sound + 1].sum())

    assert [seen(step) for step in (0, 48, 49, 98, 99, 149, 500)] == [12, 12, 22, 22, 32, 36, 36]
    assert slots.visible(slots.sound + 5, known)[slots.sound + 1 :].all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2200), st.integers(0, 300))
def test_visible_slots_follow_the_published_formula(step: int, text: int) -> None:
    slots, past = TextSlots(speakers=1, text=300, text_step=10, sound_step=50), 302 + step
    limit = min(math.ceil((past - 300) / 50) * 10, 300) + 2
    seen = slots.visible(past, text)
    for slot in range(303):
        assert bool(seen[slot]) == (slot < limit and slot < 1 + 1 + text + 1 and slot != 302)
    assert seen[303:].all() and len(seen) == past + 1
