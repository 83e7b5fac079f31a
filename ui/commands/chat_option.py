"""--llm: a chat model as the LLM, with its memory and speed reported before it is downloaded."""

from __future__ import annotations

import argparse
import sys

from dialogue.errors import BadInput
from dialogue.sizing.free_memory import free_memory
from stream.models.chat_choice import chat_setup
from stream.models.setup import Setup
from ui.host.home import weight_store

HELP = (
    "chat model (Llama 3, Qwen2, Qwen3, SmolLM2) beside the embedded ASR, vision and TTS: a hub id (Qwen/Qwen3-0.6B; "
    "downloaded once), a local folder, or a .gguf file"
)


def add_chat_option(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--llm", metavar="ID_OR_PATH", help=HELP)


def with_llm(options: argparse.Namespace) -> Setup:
    """The setup of --llm; prints one line with the memory that the model needs and its expected speed.

    Raises BadInput for a model that does not fit or belongs to another family, WeightsError for one that cannot be
    downloaded.
    """
    if options.setup is not None or options.model:
        raise BadInput("--llm cannot be combined with --setup or --model.")
    return chat_setup(
        options.llm,
        weight_store(),
        free_memory(),
        precision=options.precision,
        device=options.device,
        context_tokens=options.context,
        report=print_note,
    )


def print_note(line: str) -> None:
    """Prints a line to stderr, apart from the answers."""
    print(line, file=sys.stderr, flush=True)
