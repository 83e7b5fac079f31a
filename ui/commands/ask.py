"""`omnilive ask`: answers one question, with or without pictures, recordings and videos."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from dialogue.library.formats.reading import is_document
from stream.models.needs import weights_needed
from ui.commands.generation_options import add_generation_options, chosen_generation
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, at_least_none, chosen_setup
from ui.host.home import weight_store
from ui.host.progress import fetch

if TYPE_CHECKING:
    from dialogue.grammars.response_format import ResponseFormat
    from stream.models.setup import Setup
    from stream.models.weights import WeightStore
    from stream.requests.chat_requests import RequestOptions
    from stream.requests.request_message import RequestMessage
    from ui.api.speech_file import SpeechFile

EXAMPLES = """\
  omnilive ask photo.jpg                            describe a picture
  omnilive ask photo.jpg "How many people are there?"
  omnilive ask before.jpg after.jpg "What has changed?"
  omnilive ask question.wav                         answer the question in a recording
  omnilive ask meeting.mp3 "What is being said?"
  omnilive ask street.mp4 "What does the sign say?"
  omnilive ask novel.epub "Who inherits the house?"     read part by part, however long it is
  omnilive ask minutes.pdf                          sum a document up
  echo "Who wrote Faust?" | omnilive ask -          take the question from standard input
  omnilive ask photo.jpg --model openbmb/MiniCPM-V-2_6 --quantize int4
  omnilive ask page.png "Read this." --model openbmb/MiniCPM-OCR-1.0 --temperature 0 --max-tokens 2000
  omnilive ask receipt.jpg "Total and date" --schema schema.json
  omnilive ask --history talk.json "And now?" --model openbmb/MiniCPM-V-2_6
"""
STDIN = "-"
LONG_FILM_S = 600.0  # from this length on a film is asked about as a text is


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "ask",
        ask,
        about="answer a question about pictures, sounds or videos",
        description="Answers one question and prints the answer while it is generated. Without a question, pictures "
        "are described and the question is taken from the recording.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "asked",
        nargs="*",
        metavar="FILE ... QUESTION",
        help="pictures, sounds and videos in order, then the question; - reads the question from standard input",
    )
    parser.add_argument(
        "--history",
        type=Path,
        metavar="JSON",
        help='earlier messages: [{"role": "user", "content": ["text", {"type": "image", "path": ...}]}, ...]; '
        "without a question the last message is answered",
    )
    parser.add_argument("--system", metavar="TEXT", help="system prompt; default: that of the setup")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object: file, files, question, answer, seconds"
    )
    parser.add_argument(
        "--schema",
        type=Path,
        metavar="JSON",
        help="a JSON schema: the answer is JSON that is valid against it, or the command fails with the reason",
    )
    parser.add_argument(
        "--parts",
        type=at_least_none,
        metavar="N",
        help="a document is summed up in N parts (default: 24); 0 has the model read all of it, also for a question",
    )
    parser.add_argument("--speak", type=Path, metavar="WAV", help="also speak the answer into this file")
    add_generation_options(parser)
    add_setup_options(parser)


def ask(options: argparse.Namespace) -> None:
    setup, store = chosen_setup(options), weight_store()
    files, question = files_and_question(options.asked)
    if any(map(is_document, files)):
        if not all(map(is_document, files)):
            raise BadInput("Documents and other files cannot be asked about together; leave one kind out.")
        from ui.commands.long_texts.ask_text import ask_text

        ask_text(options, setup, files, question)
        return
    if setup.capabilities.reads and is_plain(options) and len(files) == 1 and is_long_film(files[0]):
        from ui.commands.long_texts.ask_film import ask_film

        ask_film(options, setup, files[0], question)
        return
    messages = messages_of(options, files, question)  # before the models load: a file may be missing
    from stream.requests.chat_requests import RequestOptions
    from ui.api.speech_file import SpeechFile

    response_format = None if options.schema is None else format_in(options.schema)
    request_options = RequestOptions(chosen_generation(options), response_format=response_format)
    speech = SpeechFile(options.speak) if options.speak is not None else None
    fetch(store, weights_needed(setup, store))
    answer, seconds = asyncio.run(answered(setup, store, messages, request_options, speech, show=not options.json))
    if options.json:
        asked = {"file": str(files[0]) if files else None, "files": [*map(str, files)], "question": question}
        print(json.dumps({**asked, "answer": answer, "seconds": round(seconds, 3)}, ensure_ascii=False))
    else:
        print()


def is_plain(options: argparse.Namespace) -> bool:
    """Whether nothing is asked for that only a request to the model itself gives."""
    return options.history is None and options.schema is None and options.speak is None and options.system is None


def is_long_film(path: Path) -> bool:
    """Raises BadInput for a file that holds neither pictures nor sound."""
    from stream.media.media_file import contents

    return path.is_file() and contents(path).seconds > LONG_FILM_S


async def answered(
    setup: Setup,
    store: WeightStore,
    messages: Sequence[RequestMessage],
    request_options: RequestOptions,
    speech: SpeechFile | None,
    show: bool,
) -> tuple[str, float]:
    """The answer and the seconds that it took without loading; with `show` each piece is printed as it comes."""
    from stream.models.parts import open_parts
    from stream.requests.chat_requests import ChatRequests

    parts = await open_parts(setup, store)
    began, answer = time.perf_counter(), ""
    try:
        async for piece in ChatRequests(parts, setup).answer(messages, speech.add if speech else None, request_options):
            answer += piece
            if show:
                print(piece, end="", flush=True)
        if speech is not None:
            speech.write()
        return answer.strip(), time.perf_counter() - began
    finally:
        parts.close()


def files_and_question(asked: Sequence[str]) -> tuple[list[Path], str | None]:
    """The files and the question: the last argument, unless it is or looks like a file. Raises BadInput."""
    *files, last = asked or [""]
    if not last and not files:
        return [], None
    if last == STDIN:
        return [*map(Path, files)], from_stdin()
    if Path(last).expanduser().exists() or (not files and not last.strip().count(" ") and "?" not in last):
        return [Path(each).expanduser() for each in asked], None
    return [Path(each).expanduser() for each in files], last


def from_stdin() -> str:
    try:
        text = sys.stdin.read().strip()
    except UnicodeDecodeError as error:  # in a locale with strict decoding
        raise BadInput("Standard input is not text. Give pictures and recordings as file names.") from error
    if not text:
        raise BadInput("Standard input is empty. Pipe a question into it.")
    return text


def messages_of(options: argparse.Namespace, files: Sequence[Path], question: str | None) -> list[RequestMessage]:
    """The messages of the request. Raises BadInput for an unreadable file or without anything to answer."""
    from stream.requests.request_message import RequestMessage
    from ui.api.attachments import read_file, read_history, read_item

    messages = read_history(history_in(options.history)) if options.history is not None else []
    if options.system is not None:
        messages = [RequestMessage("system", [options.system]), *(each for each in messages if each.role != "system")]
    items = [*map(read_file, files), *([read_item(question)] if question else [])]
    if items:
        messages.append(RequestMessage("user", items))
    if not any(message.role == "user" for message in messages):
        raise BadInput('There is nothing to answer. Name a file, ask a question ("What time is it?"), or both.')
    return messages


def format_in(path: Path) -> ResponseFormat:
    """The form of an answer that fits the JSON schema in a file. Raises BadInput."""
    from dialogue.grammars.response_format import ResponseFormat

    schema = json_in(path)
    if not isinstance(schema, dict):
        raise BadInput(f'{path} must be a JSON schema, such as {{"type": "object", "properties": ...}}.')
    return ResponseFormat.with_schema(schema)


def json_in(path: Path) -> Any:
    """What is in a JSON file. Raises BadInput."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from error


def history_in(path: Path) -> list[Mapping[str, Any]]:
    """The messages in a JSON file, not checked. Raises BadInput when it is not a list."""
    history = json_in(path)
    if not isinstance(history, list):
        raise BadInput(f'{path} must be a list of messages: [{{"role": "user", "content": "..."}}].')
    return history
