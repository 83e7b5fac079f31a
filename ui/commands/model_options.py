"""--model, --captioner and their options: which models run, and how."""

from __future__ import annotations

import argparse
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.llm.precision import PRECISIONS
from dialogue.sizing.free_memory import free_memory
from stream.models.any_model import model_setup
from stream.models.model_choice import model_folder, with_adapters, with_captioner, with_engine, with_voice
from stream.models.setup import Setup
from ui.commands.chat_option import add_chat_option, print_note, with_llm
from ui.host.home import weight_store

WINDOWS = ("basic", "context")


def add_model_options(group: argparse._ArgumentGroup) -> None:
    add_chat_option(group)
    group.add_argument(
        "--model",
        metavar="ID_OR_PATH",
        help="a MiniCPM, an image-text model of transformers, or a chat model as for --llm: a hub id "
        "(openbmb/MiniCPM-V-2_6; downloaded once) or a local folder",
    )
    group.add_argument(
        "--captioner",
        metavar="ID_OR_PATH",
        help="image-text model (openbmb/MiniCPM-V-4_6) that describes the camera's pictures to an LLM without vision",
    )
    group.add_argument(
        "--precision",
        "--quantize",
        choices=PRECISIONS,
        help="precision of the weights; default: bfloat16 for --model and --captioner, int8 for --llm where fast",
    )
    group.add_argument(
        "--device", help="cpu, cuda, cuda:1, ... for --model, --llm and --captioner; default: a GPU if there is one"
    )
    group.add_argument(
        "--adapter",
        type=_named_folder,
        action="append",
        default=[],
        metavar="[NAME=]FOLDER",
        help="for --model and --llm: a LoRA adapter in PEFT's format for the language model; with several, calls begin "
        "with the first and may switch",
    )
    group.add_argument("--voice", type=Path, metavar="FILE", help="for MiniCPM-o: recording of the voice to clone")
    group.add_argument(
        "--speaker-consents", action="store_true", help="the speaker of --voice has agreed to the cloning"
    )


def _named_folder(text: str) -> tuple[str, Path]:
    """The name, empty where none is given, and the folder of an adapter."""
    name, separator, folder = text.partition("=")
    return (name, Path(folder)) if separator and not Path(text).exists() else ("", Path(text))


def add_memory_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--context",
        type=int,
        metavar="TOKENS",
        help="for --model and --llm: size of the context; default: that of the setup",
    )
    group.add_argument(
        "--window",
        choices=WINDOWS,
        help="for MiniCPM-o 4.5, what stays when the context is full: the newest seconds (basic), or fewer seconds and "
        "the text of earlier replies (context); default: basic",
    )


def with_memory(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the context that the options name. Raises BadInput where its engine has no such setting."""
    given = {"context_tokens": options.context, "window": options.window}
    return with_engine(setup, **{name: value for name, value in given.items() if value is not None})


def with_models(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the models that the options name, downloaded where they are missing.

    Raises BadInput when the options contradict each other, WeightsError when a model cannot be downloaded.
    """
    if options.llm:
        setup = with_llm(options)
    elif options.model and options.setup is not None:
        raise BadInput("--model chooses the setup itself; leave --setup out.")
    elif options.model:
        setup = with_own_model(options)
    elif (options.precision or options.device) and not options.captioner:
        raise BadInput("--precision and --device need --model, --llm or --captioner.")
    if options.captioner:
        folder = model_folder(options.captioner, weight_store())
        setup = with_captioner(setup, folder, options.precision, options.device)
    if options.adapter:
        setup = with_adapters(setup, options.adapter)
    if options.voice is not None:
        return with_voice(setup, options.voice, options.speaker_consents)
    if options.speaker_consents:
        raise BadInput("--speaker-consents needs --voice, the recording of that speaker.")
    return setup


def with_own_model(options: argparse.Namespace) -> Setup:
    """The setup of --model."""
    return model_setup(
        options.model,
        weight_store(),
        free_memory(),
        precision=options.precision,
        device=options.device or "auto",
        context_tokens=options.context,
        report=print_note,
    )
