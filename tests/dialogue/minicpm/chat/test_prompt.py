"""Placeholders of pictures and sound, against the published formula and the rows that fill them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue.minicpm.audio.audio_encoder import row_count
from dialogue.minicpm.audio.mel import pieces
from dialogue.minicpm.chat.prompt import picture_text, sound_groups
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.vision.slicing import SliceRule, plan

sides = st.one_of(
    st.integers(1, 30), st.integers(1, 3000), st.integers(1, 20_000), st.integers(1, 60).map(lambda n: 112 * n)
)
limits = st.integers(1, 16)
Open = Callable[[Kind], MiniCPM]


@settings(max_examples=60, deadline=None)
@given(sides, sides, limits, st.one_of(st.none(), st.integers(0, 63)))
def test_placeholders_are_rows_of_crops_after_the_overview(
    width: int, height: int, most: int, number: int | None
) -> None:
    made, rows = plan(width, height, SliceRule(max_slices=most)), "<unk>" * 64
    cols, lines = made.grid or (0, 0)
    crops = "\n".join("".join(f"<slice>{rows}</slice>" for _ in range(cols)) for _ in range(lines))
    named = "" if number is None else f"<image_id>{number}</image_id>"
    assert picture_text(made, 64, number=number) == f"{named}<image>{rows}</image>{crops}"
    nested = "\n".join("".join(f"<image>{rows}</image>" for _ in range(cols)) for _ in range(lines))
    inside = f"<slice>{nested}</slice>" if made.grid else ""
    assert picture_text(made, 64, nested=True) == f"<image>{rows}</image>{inside}"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.integers(1, 5000), st.integers(1, 2_000_000)), st.sampled_from([2, 5]))
def test_placeholders_of_audio_follow_the_formula(samples: int, pool: int) -> None:
    frames = (math.ceil(samples / 160) - 1) // 2 + 1
    rows = (frames - pool) // pool + 1
    assert sound_groups(samples, pool, by_second=False) == [max(rows, 0)]
    groups = sound_groups(samples, pool, by_second=True)
    assert sum(groups) == max(rows, 0) and all(group == 50 // pool for group in groups[:-1])
    assert all(0 < group <= 50 // pool for group in groups)


@pytest.mark.parametrize("samples", [400, 8000, 16_000, 16_001, 33_333, 480_000, 500_000])
@pytest.mark.parametrize("kind", [Kind.O26, Kind.O45])
def test_a_prompt_has_as_many_placeholders_as_a_clip_has_rows(model: Open, kind: Kind, samples: int) -> None:
    audio = model(kind).audio
    assert audio is not None
    rows = sum(row_count(len(piece), audio.pool) for piece in pieces(np.zeros(samples, np.float32)))
    assert sum(sound_groups(samples, audio.pool, by_second=True)) == rows
    assert sound_groups(samples, audio.pool, by_second=False) == [rows]
