"""--llm: a chat model of your own as the mind, judged before it is fetched and loaded."""

from __future__ import annotations

import argparse
import sys

from dialogue.errors import BadInput
from stream.models.chat_choice import chat_setup
from stream.models.setup import Setup
from ui.host.free_memory import free_memory
from ui.host.home import weight_store

HELP = (
    "a chat model of the families Llama 3, Qwen2, Qwen3 and SmolLM2: a hub id (Qwen/Qwen3-0.6B; fetched once), the "
    "folder of a downloaded one, or a .gguf file; it thinks, ears, eyes and voice stay the embedded ones"
)


def add_chat_option(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--llm", metavar="ID_OR_PATH", help=HELP)


def with_llm(options: argparse.Namespace) -> Setup:
    """The setup of --llm; prints one line on what the model needs and how fast it will be. Raises BadInput for a model
    that does not fit or is of another family, WeightsError for one that cannot be fetched."""
    if options.setup is not None or options.model:
        raise BadInput("--llm chooses the engine itself; leave --setup and --model out.")
    return chat_setup(
        options.llm,
        weight_store(),
        free_memory(),
        precision=options.precision,
        device=options.device,
        context_tokens=options.context,
        tell=told,
    )


def told(line: str) -> None:
    """Where a person reads it, beside the answers."""
    print(line, file=sys.stderr, flush=True)
