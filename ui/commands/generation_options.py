"""--temperature and the other options of text generation."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imports torch, which takes seconds
    from dialogue.llm.generation_config import GenerationConfig


def add_generation_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "generation options", "for --model; default: the values that the model recommends"
    )
    group.add_argument("--temperature", type=float, metavar="T", help="sampling temperature; 0 is greedy decoding")
    group.add_argument(
        "--top-p",
        type=float,
        metavar="P",
        help="nucleus sampling: sample among the likeliest tokens with total probability P",
    )
    group.add_argument("--top-k", type=int, metavar="K", help="sample among the K likeliest tokens")
    group.add_argument("--repetition-penalty", type=float, metavar="R", help="penalty on repeated tokens; 1 is none")
    group.add_argument("--beams", type=int, metavar="N", help="beam search with N beams instead of sampling")
    group.add_argument("--max-tokens", type=int, metavar="N", help="longest answer, in tokens")


def chosen_generation(options: argparse.Namespace) -> GenerationConfig:
    """The generation config of the options. Raises BadInput for values that are out of range."""
    from dialogue.llm.generation_config import GenerationConfig

    return GenerationConfig(
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        repetition_penalty=options.repetition_penalty,
        num_beams=options.beams,
        max_new_tokens=options.max_tokens,
    )
