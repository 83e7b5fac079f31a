"""Sight against the published formulas, written down naively: any size, any shape, any number of slices."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from dialogue.minicpm.chat.prompt import picture_text
from dialogue.minicpm.vision.resampler import PerceiverResampler
from dialogue.minicpm.vision.slicing import Plan, Slice, SliceRule, cut, plan
from dialogue.minicpm.vision.vision_tower import VisionTower

SCALE, PATCH, SIDE = 448, 14, 70
sides = st.one_of(
    st.integers(1, 30), st.integers(1, 3000), st.integers(1, 20_000), st.integers(1, 60).map(lambda n: 112 * n)
)
limits = st.integers(1, 16)


def multiple(length: float, step: int) -> int:
    return max(round(length / step) * step, step)


def fitted(width: float, height: float, up: bool) -> tuple[int, int]:
    if up or width * height > SCALE**2:
        ratio = width / height
        height = int(SCALE / math.sqrt(ratio))
        width = int(height * ratio)
    return multiple(width, PATCH), multiple(height, PATCH)


def best_grid(width: int, height: int, most: int) -> tuple[int, int] | None:
    count = min(math.ceil(width * height / SCALE**2), most)
    if count <= 1:
        return None
    best, least = (1, 1), math.inf
    for candidate in (count - 1, count, count + 1):
        if candidate == 1 or candidate > most:
            continue
        for cols in range(1, candidate + 1):
            if candidate % cols == 0:
                error = abs(math.log(width / height) - math.log(cols / (candidate // cols)))
                if error < least:
                    best, least = (cols, candidate // cols), error
    return best


def planned(width: int, height: int, most: int) -> Plan:
    grid = best_grid(width, height, most)
    if grid is None:
        return Plan(fitted(width, height, up=True))
    cols, rows = grid
    crop = fitted(multiple(width, cols) / cols, multiple(height, rows) / rows, up=True)
    return Plan(fitted(width, height, up=False), grid, crop)


@settings(max_examples=400, deadline=None)
@given(sides, sides, limits)
def test_any_picture_is_planned_by_the_formula(width: int, height: int, most: int) -> None:
    assert plan(width, height, SliceRule(max_slices=most)) == planned(width, height, most)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 5), (640, 480), (301, 997), (1000, 250), (671, 449)])
@pytest.mark.parametrize("most", [1, 4, 9])
def test_every_patch_is_the_one_that_a_crop_of_the_resized_picture_has(size: tuple[int, int], most: int) -> None:
    width, height = size
    rgb = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    want, original = planned(width, height, most), Image.fromarray(rgb)
    pictures = [original.resize(want.overview, Image.Resampling.BICUBIC)]
    if want.grid and want.crop:
        (cols, rows), (w, h) = want.grid, want.crop
        whole = original.resize((w * cols, h * rows), Image.Resampling.BICUBIC)
        pictures += [whole.crop((x * w, y * h, (x + 1) * w, (y + 1) * h)) for y in range(rows) for x in range(cols)]
    _, slices = cut(rgb, SliceRule(max_slices=most))
    assert len(slices) == len(pictures)
    for one, picture in zip(slices, pictures, strict=True):
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
        assert (one.rows, one.cols) == (pixels.shape[1] // PATCH, pixels.shape[2] // PATCH)
        patches = pixels.unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).flatten(1, 2)  # (3, n, patch, patch)
        assert np.array_equal(one.strip, patches.transpose(1, 2).flatten(2).numpy())


@settings(max_examples=60, deadline=None)
@given(sides, sides, limits, st.one_of(st.none(), st.integers(0, 63)))
def test_placeholders_are_rows_of_crops_behind_the_overview(
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


def places(count: int) -> Tensor:
    step = float(1 / torch.tensor(count, dtype=torch.float32))
    return torch.bucketize(torch.arange(0, 1 - 1e-6, step), torch.arange(1 / SIDE, 1.0, 1 / SIDE), right=True)


def attention(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """(n, width) of each, already projected."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(0, 1) for x in (query, key, value))
    weights = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)
    return (weights @ v).transpose(0, 1).flatten(1)


def looked_at(tower: VisionTower, slices: list[Slice], number: int, one_row: bool) -> Tensor:
    """One slice of a batch, with the padding only where the model sees it."""
    one = slices[number]
    own, longest = one.rows * one.cols, max(each.rows * each.cols for each in slices)
    count = longest if one_row else own
    strip = F.pad((torch.from_numpy(one.strip).float() / 255 - 0.5) / 0.5, (0, PATCH * (count - own)))
    patch = tower.embeddings.patch_embedding
    x = torch.stack([(part * patch.weight).sum((1, 2, 3)) + patch.bias for part in strip.split(PATCH, dim=2)])
    ids = places(count) if one_row else (places(one.rows)[:, None] * SIDE + places(one.cols)).flatten()
    x = x + tower.embeddings.position_embedding.weight[ids]
    for layer in tower.encoder.layers:
        own_attention, normed = layer.self_attn, layer.layer_norm1(x)
        q, k, v = own_attention.q_proj(normed), own_attention.k_proj(normed), own_attention.v_proj(normed)
        x = x + own_attention.out_proj(attention(q, k, v, own_attention.num_heads))
        mlp = layer.mlp
        x = x + mlp.fc2(F.gelu(mlp.fc1(layer.layer_norm2(x)), approximate="tanh"))
    found: Tensor = tower.post_layernorm(x)
    return found


@torch.inference_mode()
@pytest.mark.parametrize("one_row", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_tower_of_any_size_sees_slices_of_any_shape(seed: int, one_row: bool) -> None:
    draw = random.Random(seed)
    heads = draw.choice([1, 2, 3])
    fields = {
        "hidden_size": heads * draw.choice([8, 18]),
        "intermediate_size": draw.choice([20, 77]),
        "num_attention_heads": heads,
        "patch_size": PATCH,
    }
    tower = VisionTower(fields, draw.choice([1, 3]), SIDE**2, one_row).eval()
    for parameter in tower.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    shapes = [(draw.choice([1, 25, 49, 55, 77, 86]), draw.randint(1, 4)), (3, draw.randint(1, 90)), (7, 7)]
    slices = [
        Slice(np.random.default_rng(n).integers(0, 256, (3, 14, 14 * n * m), dtype=np.uint8), n, m) for n, m in shapes
    ]
    together = tower(slices)
    for number in range(len(slices)):
        want = looked_at(tower, slices, number, one_row)
        torch.testing.assert_close(together[number, : len(want)], want, atol=2e-5, rtol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize(("width", "queries"), [(128, 64), (256, 96), (384, 5), (192, 7)])
def test_a_resampler_of_any_size_sums_up_slices_of_any_shape(width: int, queries: int) -> None:
    part, sizes = PerceiverResampler(queries, width, 24).eval(), [(1, 1), (72, 2), (2, 101), (9, 7)]
    for parameter in part.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    seen = torch.randn(len(sizes), 210, 24)
    found = part(seen, sizes)
    frequencies = 1.0 / 10000 ** (np.arange(width // 4, dtype=np.float32) / np.float32(width / 4))

    def waves(place: int) -> Tensor:
        angles = torch.from_numpy(place * frequencies)
        return torch.cat([angles.sin(), angles.cos()])

    query, key, value = part.attn.in_proj_weight.chunk(3)
    biases = part.attn.in_proj_bias.chunk(3)
    for number, (rows, cols) in enumerate(sizes):
        x = part.ln_kv(part.kv_proj(seen[number, : rows * cols]))
        where = torch.stack([torch.cat([waves(col), waves(row)]) for row in range(rows) for col in range(cols)])
        q, k = F.linear(part.ln_q(part.query), query, biases[0]), F.linear(x + where, key, biases[1])
        mixed = part.attn.out_proj(attention(q, k, F.linear(x, value, biases[2]), width // 128))
        torch.testing.assert_close(found[number], part.ln_post(mixed) @ part.proj, atol=1e-4, rtol=1e-4)
