"""`omnilive ask`: one question about a picture, a recording or a film."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

from stream.needs import weights_needed
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, chosen_setup
from ui.home import weight_store
from ui.progress import bars

EXAMPLES = """\
  omnilive ask photo.jpg                            what is to be seen
  omnilive ask photo.jpg "How many people are there?"
  omnilive ask question.wav                         answers what is asked in the recording
  omnilive ask meeting.mp3 "What is being said?"
  omnilive ask street.mp4 "What does the sign say?"
  omnilive ask photo.jpg --model openbmb/MiniCPM-V-2_6 --quantize int4
"""


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "ask",
        ask,
        about="ask about a picture, a sound or a video",
        description="Without a question, a recording is taken to ask one itself, and a picture is described.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a picture, a sound or a video")
    parser.add_argument("question", nargs="?", metavar="QUESTION")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--speak", type=Path, metavar="WAV", help="also write the answer as speech to this file")
    add_setup_options(parser)


def ask(options: argparse.Namespace) -> None:
    setup, store = chosen_setup(options), weight_store()
    from ui.attachments import read_file
    from ui.spoken_file import SpokenFile

    attachment = read_file(options.file)  # before anything slow: the file may not be there
    spoken = SpokenFile(options.speak) if options.speak is not None else None
    with bars() as progress:
        store.pull(weights_needed(setup, store), progress)
    from stream.correspondence import Correspondence
    from stream.message import Message
    from stream.parts import open_parts

    items = [attachment, options.question] if options.question else [attachment]

    async def answer() -> tuple[str, float]:
        parts = await open_parts(setup, store)
        began, said = time.perf_counter(), ""
        try:
            answering = Correspondence(parts, setup).answer([Message("user", items)], spoken.add if spoken else None)
            async for piece in answering:
                said += piece
                if not options.json:
                    print(piece, end="", flush=True)
            if spoken is not None:
                spoken.write()
            return said.strip(), time.perf_counter() - began
        finally:
            parts.close()

    said, seconds = asyncio.run(answer())
    if options.json:
        asked = {"file": str(options.file), "question": options.question}
        print(json.dumps({**asked, "answer": said, "seconds": round(seconds, 3)}))
    else:
        print()
