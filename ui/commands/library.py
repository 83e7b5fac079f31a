"""`omnilive library`: adds, lists and removes documents, and answers questions; --library does so in calls."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from dialogue.engines.entries import EMBEDDER
from dialogue.engines.registry import entry_of
from dialogue.errors import BadInput
from dialogue.library.sources import source
from stream.models.setup import Setup
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, chosen_setup
from ui.host.home import home, weight_store
from ui.host.progress import fetch

if TYPE_CHECKING:
    from dialogue.library.library import Library
    from dialogue.library.passage import Found
    from dialogue.library.quotes import Quote
    from stream.requests.library_requests import Consulted

LIBRARY_FILE = "library.sqlite"
EXAMPLES = """\
  omnilive library add ~/Documents contract.pdf      a folder is read with all that is in it, and watched
  omnilive library list
  omnilive library ask "What is the notice period?"
  omnilive library update                            read what has changed since
  omnilive library remove contract.pdf
  omnilive library --embedder BAAI/bge-small-en-v1.5 --reranker BAAI/bge-reranker-base add ~/Documents
  omnilive run --library                             answer from the documents in calls
"""


def add_to(commands: Subparsers) -> None:
    library = add_command(
        commands,
        "library",
        list_documents,
        about="answer from your documents",
        description="Keeps an index of documents (txt, md, html, pdf, docx, epub, srt, csv) on this machine, and "
        "answers questions from them with the place where the answer stands. Pages without a text layer are read by "
        "OCR.",
        examples=EXAMPLES,
    )
    library.add_argument(
        "--file", type=Path, metavar="FILE", help=f"the index; default: {LIBRARY_FILE} in the folder of OMNILIVE_HOME"
    )
    library.add_argument(
        "--embedder",
        metavar="ID_OR_PATH",
        help="for a new library: the sentence-embedding model, by hub id or folder; default: MiniLM",
    )
    library.add_argument(
        "--reranker",
        metavar="ID_OR_PATH",
        help="the cross-encoder that orders what was found, by hub id or folder, from now on; none: no more",
    )
    actions = library.add_subparsers(metavar="ACTION")
    add = actions.add_parser("add", help="add files and folders, and read them")
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    add.set_defaults(run=add_documents)
    actions.add_parser("update", help="read what has changed, forget what is gone").set_defaults(run=update)
    actions.add_parser("list", help="list the documents (the default action)").set_defaults(run=list_documents)
    remove = actions.add_parser("remove", help="remove files and folders from the index")
    remove.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    remove.set_defaults(run=remove_documents)
    ask = actions.add_parser("ask", help="answer a question from the documents")
    ask.add_argument("question")
    ask.add_argument("--json", action="store_true", help="print one JSON object: question, answer, sources, seconds")
    add_setup_options(ask)
    ask.set_defaults(run=ask_documents)


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Library]:
    """The library of the options, with its weights fetched. Raises BadInput, WeightsError."""
    from dialogue.library.library import Library
    from dialogue.library.library_file import choose_model
    from stream.models.open_library import model_folders

    store, file = weight_store(), library_file(options)
    fetch(store, [EMBEDDER])
    library = Library(file, model_folders(file, store, options.embedder).opened())
    if options.reranker is not None:
        library.close()
        choose_model(file, "reranker", None if options.reranker == "none" else options.reranker)
        library = Library(file, model_folders(file, store, options.embedder).opened())
    try:
        yield library
    finally:
        library.close()


def library_file(options: argparse.Namespace) -> Path:
    path: Path = options.file or home() / LIBRARY_FILE
    return path.expanduser().absolute()


def add_documents(options: argparse.Namespace) -> int:
    from dialogue.library.formats.reading import FORMATS, is_document

    paths = [path.expanduser().absolute() for path in options.paths]
    for path in paths:
        if not path.exists():
            raise BadInput(f"There is no file or folder {path}.")
        if path.is_file() and not is_document(path):
            raise BadInput(f"{path.name} cannot be read: a document is one of {', '.join(FORMATS)}.")
    with opened(options) as library:
        for path in paths:
            library.add_root(path)
        return _refreshed(library)


def update(options: argparse.Namespace) -> int:
    with opened(options) as library:
        return _refreshed(library)


def _refreshed(library: Library) -> int:
    """Reads what has changed and prints what was done; 1 if a document could not be read."""
    from stream.library.indexing import Indexing, Progress

    with tqdm(unit=" passages", disable=None) as bar:  # none where the output is no terminal

        def show(progress: Progress) -> None:
            bar.set_description(f"{progress.file} of {progress.files}: {progress.path.name}"[:60], refresh=False)
            bar.n = progress.passages
            bar.refresh()

        done = Indexing(library, show).refresh()
    for fault in done.faults:
        print(fault)
    print(f"{done.read} read, {done.removed} removed, {len(library.documents())} in the library")
    return 1 if done.faults else 0


def list_documents(options: argparse.Namespace) -> int:
    with opened(options) as library:
        for each in library.documents():
            print(f"{each.passages:7} passages  {each.path}{f'  ({each.fault})' if each.fault else ''}")
        roots = ", ".join(map(str, library.roots())) or "nothing; add some with `omnilive library add PATH`"
        print(f"\nwatched: {roots}\nindex: {library_file(options)}")
    return 0


def remove_documents(options: argparse.Namespace) -> int:
    with opened(options) as library:
        gone = sum(library.remove_root(path.expanduser().absolute()) for path in options.paths)
        print(f"{gone} removed")
    return 0 if gone else 1


def ask_documents(options: argparse.Namespace) -> int:
    setup = chosen_setup(options)
    with opened(options) as library:
        if not library.documents():
            raise BadInput("The library is empty; add documents with `omnilive library add PATH`.")
        began = time.perf_counter()
        consulted = asyncio.run(_asked(library, options.question, setup))
        took = time.perf_counter() - began
    if options.json:
        print(json.dumps(_as_json(options.question, consulted, took), ensure_ascii=False))
    else:
        print(consulted.answer.text)
        if consulted.answer.quote is not None:
            print(f"\n{source(consulted.answer.quote.passage)}: {consulted.answer.quote.quoted}")
    return 0


async def _asked(library: Library, question: str, setup: Setup) -> Consulted:
    from stream.models.engine_alone import engine_alone, engine_weights
    from stream.requests.library_requests import ask_library

    async def search(text: str) -> list[Found]:
        return library.search(text)

    store = weight_store()
    if not setup.capabilities.reads:
        return await ask_library(search, question, None)
    fetch(store, engine_weights(setup))
    async with engine_alone(setup, store) as new_engine:
        return await ask_library(search, question, new_engine)


def _as_json(question: str, consulted: Consulted, seconds: float) -> dict[str, Any]:
    quote = consulted.answer.quote
    return {
        "question": question,
        "answer": consulted.answer.text,
        "source": None if quote is None else _as_source(quote),
        "passages": [_as_source(each) for each in consulted.quotes],
        "seconds": round(seconds, 3),
    }


def _as_source(quote: Quote) -> dict[str, str]:
    passage = quote.passage
    return {"document": passage.title, "path": passage.path, "place": passage.place, "text": quote.text}


def add_library_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--library",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FILE",
        help="answer from your documents, which `omnilive library add` reads; default of FILE: "
        f"{LIBRARY_FILE} in the folder of OMNILIVE_HOME",
    )


def with_library(setup: Setup, options: argparse.Namespace) -> Setup:
    """`setup` with the index that the options name. Raises BadInput where there is none, and for an engine that cannot
    use it."""
    if options.library is None:
        return setup
    entry = entry_of(setup.engine)
    if not (entry.can.scene_rules or entry.can.tools):
        raise BadInput(f"The engine {entry.name} cannot look into documents; leave --library out.")
    path = (home() / LIBRARY_FILE if options.library == Path() else options.library.expanduser()).absolute()
    if not path.is_file():
        raise BadInput(f"There is no library {path}; make it with `omnilive library add PATH`.")
    return replace(setup, library=path)
