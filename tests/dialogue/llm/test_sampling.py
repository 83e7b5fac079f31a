"""How a token is chosen: limits are kept, likelihoods are honoured, equal seeds choose alike."""

from __future__ import annotations

import pytest
import torch

from dialogue.llm.sampling import SamplingConfig, choose, penalise

LOGITS = torch.tensor([0.0, 3.0, 2.0, -1.0, 2.9])


def drawn(sampling: SamplingConfig, times: int = 2000) -> torch.Tensor:
    """How often each token came."""
    generator = torch.Generator().manual_seed(1)
    tokens = [choose(LOGITS, sampling, generator=generator) for _ in range(times)]
    return torch.bincount(torch.tensor(tokens), minlength=len(LOGITS)) / times


def test_greedy_takes_the_best() -> None:
    assert choose(LOGITS) == 1


def test_frequencies_follow_the_softmax() -> None:
    torch.testing.assert_close(drawn(SamplingConfig(1.0)), LOGITS.softmax(0), atol=0.03, rtol=0)
    torch.testing.assert_close(drawn(SamplingConfig(0.5)), (LOGITS / 0.5).softmax(0), atol=0.03, rtol=0)


def test_top_k_keeps_k() -> None:
    assert drawn(SamplingConfig(5.0, top_k=2)).nonzero()[:, 0].tolist() == [1, 4]
    assert drawn(SamplingConfig(5.0, top_k=99)).nonzero()[:, 0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("top_p", "kept"), [(0.01, [1]), (0.5, [1, 4]), (0.9, [1, 2, 4]), (1.0, [0, 1, 2, 3, 4])])
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: list[int]) -> None:
    assert drawn(SamplingConfig(1.0, top_p=top_p)).nonzero()[:, 0].tolist() == kept


def test_penalty_lowers_used_tokens_on_both_sides_of_zero() -> None:
    assert penalise(LOGITS, [1, 3, 3], 2.0).tolist() == pytest.approx([0.0, 1.5, 2.0, -2.0, 2.9])
    assert choose(LOGITS, SamplingConfig(penalty=2.0), recent=[1]) == 4
    assert LOGITS[1] == 3.0
