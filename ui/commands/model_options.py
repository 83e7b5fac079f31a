"""--model, --captioner and what belongs to them: which models of your own run, and how."""

from __future__ import annotations

import argparse
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.llm.precision import PRECISIONS
from stream.models.any_model import model_setup
from stream.models.model_choice import model_folder, with_captioner, with_engine, with_voice
from stream.models.setup import Setup
from ui.commands.chat_option import add_chat_option, told, with_llm
from ui.host.free_memory import free_memory
from ui.host.home import weight_store

WINDOWS = ("basic", "context")


def add_model_options(group: argparse._ArgumentGroup) -> None:
    add_chat_option(group)
    group.add_argument(
        "--model",
        metavar="ID_OR_PATH",
        help="a MiniCPM, any image-text model of transformers, or a chat model as for --llm: a hub id "
        "(openbmb/MiniCPM-V-2_6; fetched once) or the folder of a downloaded one",
    )
    group.add_argument(
        "--captioner",
        metavar="ID_OR_PATH",
        help="an image-text model (openbmb/MiniCPM-V-4_6) that tells a mind which cannot see what the camera shows",
    )
    group.add_argument(
        "--precision",
        "--quantize",
        choices=PRECISIONS,
        help="precision of the weights; default: bfloat16 for --model and --captioner, 8 bits for --llm where fast",
    )
    group.add_argument(
        "--device", help="for --model, --llm and --captioner: cpu, cuda, cuda:1, ...; default: a GPU if any"
    )
    group.add_argument("--voice", type=Path, metavar="FILE", help="for a MiniCPM-o: a recording to speak like")
    group.add_argument(
        "--speaker-consents", action="store_true", help="the person in the recording has agreed to be spoken like"
    )


def add_memory_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--context", type=int, metavar="TOKENS", help="for --model and --llm: how much of a call it remembers"
    )
    group.add_argument(
        "--window",
        choices=WINDOWS,
        help="for MiniCPM-o 4.5, what it keeps when that is full: the newest seconds (basic), or fewer of them and the "
        "words it said before (context); default: basic",
    )


def with_memory(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the context that the options name. Raises BadInput where its engine has no such setting."""
    given = {"context_tokens": options.context, "window": options.window}
    return with_engine(setup, **{name: value for name, value in given.items() if value is not None})


def with_models(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the models that the options name, which are fetched where they must be. Raises BadInput when the
    options do not fit together, WeightsError when a model cannot be fetched."""
    if options.llm:
        setup = with_llm(options)
    elif options.model and options.setup is not None:
        raise BadInput("--model chooses the setup itself; leave --setup out.")
    elif options.model:
        setup = with_own_model(options)
    elif (options.precision or options.device) and not options.captioner:
        raise BadInput("--precision and --device belong to --model, --llm or --captioner.")
    if options.captioner:
        folder = model_folder(options.captioner, weight_store())
        setup = with_captioner(setup, folder, options.precision, options.device)
    if options.voice is not None:
        return with_voice(setup, options.voice, options.speaker_consents)
    if options.speaker_consents:
        raise BadInput("--speaker-consents belongs to --voice, the recording of that speaker.")
    return setup


def with_own_model(options: argparse.Namespace) -> Setup:
    """The setup of --model, whatever kind it is."""
    return model_setup(
        options.model,
        weight_store(),
        free_memory(),
        precision=options.precision,
        device=options.device or "auto",
        context_tokens=options.context,
        tell=told,
    )
