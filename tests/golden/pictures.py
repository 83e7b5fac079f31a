"""Cases 01 to 04: slicing, the vision tower, the resampler."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

import torch

from dialogue.minicpm.chat.prompt import picture_text
from dialogue.minicpm.vision.resampler import position_table
from dialogue.minicpm.vision.sight import RESAMPLER, TOWER, blank_resampler, blank_tower
from dialogue.minicpm.vision.slicing import Slice, SliceRule, cut, plan
from tests.golden.case import Case, Check


def slicing(case: Case, check: Check) -> None:
    rule = SliceRule()
    for size, by_limit in case.expected["table"].items():
        width, height = map(int, size.split("x"))
        for limit, want in by_limit.items():
            made = plan(width, height, replace(rule, max_slices=int(limit)))
            got = {"grid": made.grid, "overview": made.overview, "crop": made.crop, "slices": made.slices}
            listed = {key: list(value) if isinstance(value, tuple) else value for key, value in got.items()}
            check.same(f"{size} at {limit}", listed, want)
    for picture, wanted in case.expected["strips"].items():
        _, slices = cut(case.array(f"image_{picture}"), rule)
        found = [
            {"rows": one.rows, "cols": one.cols, "sha256": hashlib.sha256(one.strip.tobytes()).hexdigest()}
            for one in slices
        ]
        check.same(f"strips of {picture}", found, wanted)
        for number, one in enumerate(slices):
            if case.has(f"strip_{picture}_{number}"):
                check.same(f"strip {picture} {number}", one.strip, case.wanted(f"strip_{picture}_{number}"))
    for version, by_size in case.expected["placeholder"].items():
        for size, want in by_size.items():
            _placeholder(check, version, size, want)


def _placeholder(check: Check, version: str, size: str, want: Any) -> None:
    """2.5 has one text a size; the others have one for each way of asking ("image_id_true_index3")."""
    width, height = map(int, size.split("x"))
    if isinstance(want, str):
        check.same(f"{version} {size}", picture_text(plan(width, height, SliceRule()), 96, nested=True), want)
        return
    for name, text in want.items():
        index, limit = (re.search(pattern, name) for pattern in (r"index(\d+)", r"max_slice_(\d+)"))
        rule = SliceRule(max_slices=int(limit[1])) if limit else SliceRule()
        number = int(index[1]) if index else None
        check.same(f"{version} {size} {name}", picture_text(plan(width, height, rule), 64, number=number), text)


def slices_of(case: Case) -> list[Slice]:
    return [
        Slice(case.array(f"strip_{number}"), rows, cols) for number, (rows, cols) in enumerate(case.inputs["tgt_sizes"])
    ]


@torch.inference_mode()
def vision_tower(case: Case, check: Check) -> None:
    tower, slices = case.checkpoint.fill(blank_tower(case.checkpoint), TOWER), slices_of(case)
    check.same("position ids", tower.position_ids(slices), case.wanted("position_ids"))
    if case.has("embeddings"):
        check.close("embeddings", tower.embed(slices), case.wanted("embeddings"))
    together = tower(slices)
    check.close("last hidden", together, case.wanted("last_hidden"))
    if "Lmax" in case.expected:
        check.same("longest", together.shape[1], case.expected["Lmax"])
    if "single" in case.inputs:
        one = case.inputs["single"]
        alone = tower([slices[one]])
        check.close("alone", alone, case.wanted("last_hidden_single"))
        if case.expected.get("single_equals_batched_max_abs"):
            check.close("as in the batch", together[one, None, : alone.shape[1]], alone)


@torch.inference_mode()
def resampler(case: Case, check: Check) -> None:
    part = case.checkpoint.fill(blank_resampler(case.checkpoint), RESAMPLER)
    sizes = [(rows, cols) for rows, cols in case.inputs["tgt_sizes"]]
    check.close("features", part(case.given("vit"), sizes), case.wanted("features"))
    for number, (rows, cols) in enumerate(sizes):
        if case.has(f"pos_{number}"):
            table = position_table(rows, cols, part.query.shape[1])
            check.close(f"places {number}", table, case.wanted(f"pos_{number}"))
