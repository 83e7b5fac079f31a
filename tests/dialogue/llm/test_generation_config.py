"""What somebody wants of an answer, as a way to choose tokens."""

from __future__ import annotations

from typing import Any

import pytest

from dialogue.errors import BadInput
from dialogue.llm.generation_config import GenerationConfig
from dialogue.llm.sampling import SamplingConfig

USUAL = SamplingConfig(temperature=0.7, top_k=100, top_p=0.8, penalty=1.05)


@pytest.mark.parametrize(
    ("wished", "drawn", "beams"),
    [
        ({}, USUAL, 1),
        ({"sampling": True}, USUAL, 1),
        ({"temperature": 0}, SamplingConfig(0, 100, 0.8, 1.05), 1),
        ({"temperature": 1.5, "top_p": 0.9, "top_k": 0}, SamplingConfig(1.5, 0, 0.9, 1.05), 1),
        ({"repetition_penalty": 1.3}, SamplingConfig(0.7, 100, 0.8, 1.3), 1),
        ({"sampling": False}, SamplingConfig(penalty=1.2), 3),
        ({"sampling": False, "num_beams": 1}, SamplingConfig(penalty=1.05), 1),
        ({"num_beams": 5}, SamplingConfig(penalty=1.2), 5),
        ({"num_beams": 4, "repetition_penalty": 1.0}, SamplingConfig(penalty=1.0), 4),
    ],
)
def test_what_is_left_out_stays_as_usual(wished: dict[str, Any], drawn: SamplingConfig, beams: int) -> None:
    generation = GenerationConfig.of(wished)  # type: ignore[arg-type]
    assert (generation.drawn(USUAL), generation.beams) == (drawn, beams)
    assert generation.usual == (not wished)


@pytest.mark.parametrize(
    ("wished", "complaint"),
    [
        ({"temperature": -1}, "at least 0"),
        ({"temperature": float("nan")}, "temperature is a number"),
        ({"temperature": "hot"}, "not 'hot'"),
        ({"top_p": 0}, "more than 0 and at most 1"),
        ({"top_k": 1.5}, "whole number"),
        ({"top_k": True}, "whole number"),
        ({"repetition_penalty": 0}, "more than 0"),
        ({"num_beams": 99}, "at most 16"),
        ({"max_new_tokens": 0}, "at least 1"),
        ({"num_beams": 3, "temperature": 0.5}, "beams are searched"),
        ({"num_beams": 3, "sampling": True}, "beams are searched"),
        ({"sampling": False, "top_p": 0.5}, "nothing is drawn"),
    ],
)
def test_what_no_model_can_do_is_told(wished: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        GenerationConfig(**wished)


def test_an_unknown_wish_is_told_with_those_there_are() -> None:
    with pytest.raises(TypeError, match="no option 'heat'; there are sampling, temperature"):
        GenerationConfig.of({"heat": 1})  # type: ignore[typeddict-unknown-key]


def test_a_model_without_beams_takes_the_likeliest_token_instead() -> None:
    assert GenerationConfig(sampling=False).without_beams().drawn(USUAL) == SamplingConfig(penalty=1.05)
    with pytest.raises(BadInput, match="not searched with beams"):
        GenerationConfig(num_beams=2).without_beams()


def test_an_answer_may_be_as_long_as_there_is_room() -> None:
    assert GenerationConfig().tokens(256, 1000) == 256
    assert GenerationConfig(max_new_tokens=900).tokens(256, 1000) == 900
    with pytest.raises(BadInput, match="room for an answer of 1000 tokens"):
        GenerationConfig(max_new_tokens=1001).tokens(256, 1000)
