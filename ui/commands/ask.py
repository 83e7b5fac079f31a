"""`omnilive ask`: one question, about pictures, recordings and films or about nothing of the kind."""

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
from stream.models.needs import weights_needed
from ui.commands.generation_options import add_generation_options, chosen_generation
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, chosen_setup
from ui.host.home import weight_store
from ui.host.progress import bars

if TYPE_CHECKING:
    from stream.models.setup import Setup
    from stream.models.weights import WeightStore
    from stream.requests.chat_requests import RequestOptions
    from stream.requests.message import RequestMessage
    from ui.api.spoken_file import SpokenFile

EXAMPLES = """\
  omnilive ask photo.jpg                            what is to be seen
  omnilive ask photo.jpg "How many people are there?"
  omnilive ask before.jpg after.jpg "What has changed?"
  omnilive ask question.wav                         answers what is asked in the recording
  omnilive ask meeting.mp3 "What is being said?"
  omnilive ask street.mp4 "What does the sign say?"
  echo "Who wrote Faust?" | omnilive ask -          the question from standard input
  omnilive ask photo.jpg --model openbmb/MiniCPM-V-2_6 --quantize int4
  omnilive ask page.png "Read this." --model openbmb/MiniCPM-OCR-1.0 --temperature 0 --max-tokens 2000
  omnilive ask --history talk.json "And now?" --model openbmb/MiniCPM-V-2_6
"""
STDIN = "-"


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "ask",
        ask,
        about="ask about a picture, a sound or a video",
        description="Without a question, a recording is taken to ask one itself, and a picture is described. The "
        "answer is printed as it is made.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "asked",
        nargs="*",
        metavar="FILE ... QUESTION",
        help="pictures, sounds and videos in their order, and a question at the end; - reads it from standard input",
    )
    parser.add_argument(
        "--history",
        type=Path,
        metavar="JSON",
        help='what was said before, a list of {"role": "user", "content": ["words", {"type": "image", "path": ...}]}; '
        "without a question its last message is answered",
    )
    parser.add_argument("--system", metavar="TEXT", help="an instruction instead of the usual one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--speak", type=Path, metavar="WAV", help="also write the answer as speech to this file")
    add_generation_options(parser)
    add_setup_options(parser)


def ask(options: argparse.Namespace) -> None:
    setup, store = chosen_setup(options), weight_store()
    files, question = told_apart(options.asked)
    messages = messages_of(options, files, question)  # before anything slow: a file may not be there
    from stream.requests.chat_requests import RequestOptions
    from ui.api.spoken_file import SpokenFile

    request_options = RequestOptions(chosen_generation(options))
    spoken = SpokenFile(options.speak) if options.speak is not None else None
    with bars() as progress:
        store.pull(weights_needed(setup, store), progress)
    said, seconds = asyncio.run(answered(setup, store, messages, request_options, spoken, tell=not options.json))
    if options.json:
        asked = {"file": str(files[0]) if files else None, "files": [*map(str, files)], "question": question}
        print(json.dumps({**asked, "answer": said, "seconds": round(seconds, 3)}, ensure_ascii=False))
    else:
        print()


async def answered(
    setup: Setup,
    store: WeightStore,
    messages: Sequence[RequestMessage],
    request_options: RequestOptions,
    spoken: SpokenFile | None,
    tell: bool,
) -> tuple[str, float]:
    """The answer, printed piece by piece where it is to be told, and what it took without loading."""
    from stream.models.parts import open_parts
    from stream.requests.chat_requests import ChatRequests

    parts = await open_parts(setup, store)
    began, said = time.perf_counter(), ""
    try:
        async for piece in ChatRequests(parts, setup).answer(messages, spoken.add if spoken else None, request_options):
            said += piece
            if tell:
                print(piece, end="", flush=True)
        if spoken is not None:
            spoken.write()
        return said.strip(), time.perf_counter() - began
    finally:
        parts.close()


def told_apart(asked: Sequence[str]) -> tuple[list[Path], str | None]:
    """Files, and the question: the last one, if it is no file and does not look like one. Raises BadInput."""
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
    except UnicodeDecodeError as error:  # where the locale is not lenient about it
        raise BadInput("standard input holds no text: name a picture or a recording as a file") from error
    if not text:
        raise BadInput("nothing came from standard input: pipe a question into it")
    return text


def messages_of(options: argparse.Namespace, files: Sequence[Path], question: str | None) -> list[RequestMessage]:
    """Raises BadInput for what cannot be read, or where there is nothing to answer."""
    from stream.requests.message import RequestMessage
    from ui.api.attachments import read_file, read_history, read_item

    messages = read_history(history_in(options.history)) if options.history is not None else []
    if options.system is not None:
        messages = [RequestMessage("system", [options.system]), *(each for each in messages if each.role != "system")]
    items = [*map(read_file, files), *([read_item(question)] if question else [])]
    if items:
        messages.append(RequestMessage("user", items))
    if not any(message.role == "user" for message in messages):
        raise BadInput('there is nothing to answer: name a file, ask a question ("What time is it?"), or both')
    return messages


def history_in(path: Path) -> list[Mapping[str, Any]]:
    """Raises BadInput; what is in the messages is read elsewhere."""
    try:
        history = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path} is no JSON: {error}") from error
    if not isinstance(history, list):
        raise BadInput(f'{path} is no list of messages: [{{"role": "user", "content": "..."}}]')
    return history
