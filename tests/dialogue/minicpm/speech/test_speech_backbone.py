"""Penalties and filters of code logits, against transformers' logits warpers and the published formula."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import TopKLogitsWarper, TopPLogitsWarper

from dialogue.minicpm.speech.speech_backbone import filter_top, penalise_repeats


def test_the_penalty_counts_uses_and_the_filter_keeps_the_best() -> None:
    scores = torch.tensor([2.0, -2.0, 1.0])
    torch.testing.assert_close(penalise_repeats(scores, [0, 0, 1], 2.0), torch.tensor([0.5, -4.0, 1.0]))
    kept = filter_top(torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0]), top_p=0.1, top_k=1, at_least=3)
    assert kept.isfinite().tolist() == [True, True, True, False, False]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([(0.7, 20), (0.85, 25), (0.05, 1), (0.99, 4), (0.3, 600)]))
def test_the_filter_equals_transformers_warpers(seed: int, limits: tuple[float, int]) -> None:
    top_p, top_k = limits
    draw = torch.Generator().manual_seed(seed)
    scores = torch.randn(3, 130, generator=draw) * (1 + 9 * torch.rand(1, generator=draw))
    ids = torch.zeros(3, 1, dtype=torch.long)
    want = TopPLogitsWarper(top_p, min_tokens_to_keep=3)(ids, scores)
    want = TopKLogitsWarper(top_k, min_tokens_to_keep=3)(ids, want)
    assert torch.equal(filter_top(scores, top_p, top_k), want)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 11), max_size=16), st.integers(0, 1000))
def test_a_code_is_penalised_for_every_use(recent: list[int], seed: int) -> None:
    scores = torch.randn(12, generator=torch.Generator().manual_seed(seed))
    want = scores.clone()
    for code in recent:
        want[code] = want[code] * 1.05 if want[code] < 0 else want[code] / 1.05
    torch.testing.assert_close(penalise_repeats(scores, recent, 1.05), want)
