"""Generation options: defaults, sampling, beam search and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from dialogue.errors import BadInput
from dialogue.llm.generation_config import GenerationConfig, GenerationOptions
from dialogue.llm.sampling import SamplingConfig

USUAL = SamplingConfig(temperature=0.7, top_k=100, top_p=0.8, penalty=1.05)


@pytest.mark.parametrize(
    ("options", "drawn", "beams"),
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
def test_omitted_options_keep_their_defaults(options: GenerationOptions, drawn: SamplingConfig, beams: int) -> None:
    generation = GenerationConfig.of(options)
    assert (generation.sampling_config(USUAL), generation.beams) == (drawn, beams)
    assert generation.is_default == (not options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1}, "at least 0"),
        ({"temperature": float("nan")}, "temperature must be a number"),
        ({"temperature": "hot"}, "not 'hot'"),
        ({"top_p": 0}, "more than 0 and at most 1"),
        ({"top_k": 1.5}, "whole number"),
        ({"top_k": True}, "whole number"),
        ({"repetition_penalty": 0}, "more than 0"),
        ({"num_beams": 99}, "at most 16"),
        ({"max_new_tokens": 0}, "at least 1"),
        ({"num_beams": 3, "temperature": 0.5}, "Beam search does not sample"),
        ({"num_beams": 3, "sampling": True}, "Beam search does not sample"),
        ({"sampling": False, "top_p": 0.5}, "Sampling is off"),
    ],
)
def test_invalid_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        GenerationConfig(**options)


def test_an_unknown_option_is_refused_with_a_list_of_the_options() -> None:
    with pytest.raises(TypeError, match="no option 'heat'; the options are sampling, temperature"):
        GenerationConfig.of({"heat": 1})  # type: ignore[typeddict-unknown-key]  # unknown on purpose


def test_a_model_without_beam_search_decodes_greedily_instead() -> None:
    assert GenerationConfig(sampling=False).without_beams().sampling_config(USUAL) == SamplingConfig(penalty=1.05)
    with pytest.raises(BadInput, match="no beam search"):
        GenerationConfig(num_beams=2).without_beams()


def test_a_reply_may_be_as_long_as_there_is_room() -> None:
    assert GenerationConfig().tokens(256, 1000) == 256
    assert GenerationConfig(max_new_tokens=900).tokens(256, 1000) == 900
    with pytest.raises(BadInput, match="room for a reply of 1000 tokens"):
        GenerationConfig(max_new_tokens=1001).tokens(256, 1000)
