"""The token rule of full duplex, against the published formula."""

from __future__ import annotations

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60), st.sets(st.integers(20, 40), max_size=5), st.integers(0, 1000))
def test_the_token_rule_follows_the_published_formula(said: list[int], bad: set[int], seed: int) -> None:
    control = DuplexTokens(*range(10, 19))
    rule = TokenRule(control, bad, DuplexSampling(recent=20))
    rule.history.extend(said)
    logits = torch.randn(41, generator=torch.Generator().manual_seed(seed)) * 3
    want = logits.clone()
    for token in set(said[-20:]):
        want[token] = want[token] / 1.05  # regardless of its sign
    end = want[control.turn_end]
    want[control.turn_end] = end / 1.1 if end > 0 else end * 1.1
    for token in {control.chunk_end, control.padding, *bad}:
        want[token] = -math.inf
    torch.testing.assert_close(rule.adjusted(logits), want)
