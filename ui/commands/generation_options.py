"""--temperature and its kin: how a model of your own is to write an answer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it comes with torch, which takes seconds to import
    from dialogue.llm.generation_config import GenerationConfig


def add_generation_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("generation", "of --model; what is left out is as the model's makers advise")
    group.add_argument("--temperature", type=float, metavar="T", help="0 takes the likeliest word each time")
    group.add_argument("--top-p", type=float, metavar="P", help="draw among the likeliest that make up this much")
    group.add_argument("--top-k", type=int, metavar="K", help="draw among so many")
    group.add_argument("--repetition-penalty", type=float, metavar="R", help="above 1 against repetition")
    group.add_argument("--beams", type=int, metavar="N", help="search with so many beams instead of drawing")
    group.add_argument("--max-tokens", type=int, metavar="N", help="the longest answer")


def chosen_generation(options: argparse.Namespace) -> GenerationConfig:
    """Raises BadInput for what no model can do."""
    from dialogue.llm.generation_config import GenerationConfig

    return GenerationConfig(
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        repetition_penalty=options.repetition_penalty,
        num_beams=options.beams,
        max_new_tokens=options.max_tokens,
    )
