"""`omnilive replay`: sends a sound or video file through the live pipeline."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue.errors import BadInput
from stream.models.needs import weights_needed
from ui.commands.replay_call import add_call_options, replay_call
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, chosen_setup
from ui.host.home import weight_store
from ui.host.progress import fetch

if TYPE_CHECKING:
    from stream.runtime.events import Expressed

EXAMPLES = """\
  omnilive replay talk.mp4                    in real time
  omnilive replay talk.mp4 --fast             skip the pauses: same answers, same latencies
  omnilive replay talk.wav --out reply.wav    write the assistant's voice, on the recording's time line
  omnilive replay talk.mp4 --fast --json      print one JSON object instead of a transcript
  omnilive replay DIR/CALL                    a recorded call: what was decided when, and why
  omnilive replay DIR/CALL --set endpointing.patience=0.8 --compare
                                              beside what would have been decided with 0.8 s of silence
"""


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "replay",
        replay,
        about="send a recording through the live pipeline",
        description="Sends a recording through the live pipeline, and prints transcript, answers and latencies. The "
        "turns of a recorded call are decided again in virtual time, from the events of the call.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a sound or video file, or the folder of a call")
    parser.add_argument("--fast", action="store_true", help="skip waiting while no model computes")
    parser.add_argument("--out", type=Path, metavar="WAV", help="write the assistant's voice to this file")
    parser.add_argument("--scene", action="store_true", help="also print the description of the scene when it changes")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object: seconds, conversation, latencies in ms"
    )
    add_call_options(parser)
    add_setup_options(parser)


def replay(options: argparse.Namespace) -> int:
    if options.file.is_dir():
        return replay_call(options)
    if options.settings or options.compare:
        raise BadInput("--set and --compare need the folder of a recorded call.")
    replay_file(options)
    return 0


def replay_file(options: argparse.Namespace) -> None:
    setup, store = chosen_setup(options), weight_store()
    from stream.media.media_file import contents, perceive

    if contents(options.file).kind == "picture":
        raise BadInput(f"{options.file.name} is a still picture. Ask about it with `omnilive ask`.")
    if options.out is not None and not options.out.absolute().parent.is_dir():
        raise BadInput(f"There is no folder {options.out.parent} for {options.out.name}.")
    fetch(store, weights_needed(setup, store))
    from audio.sound_file import write_wav
    from stream.models.parts import open_parts
    from stream.session.session import Session
    from ui.local.replaying import OUT_RATE_HZ, FileReplay, Outcome
    from ui.local.skipping_clock import SkippingLoop
    from ui.local.terminal_captions import Captions, figures, latency_table

    captions = Captions(options.scene)

    async def run() -> Outcome:
        parts = await open_parts(setup, store)
        try:
            session = Session(name="replay", parts=parts, setup=setup, out_rate=OUT_RATE_HZ)
            replaying = FileReplay(session, show)
            return await replaying.run(perceive(options.file))
        finally:
            parts.close()

    def show(event: Expressed, now: float) -> None:
        for each in captions.lines(event, now):
            print(each, file=sys.stderr if options.json else sys.stdout, flush=True)

    with asyncio.Runner(loop_factory=SkippingLoop if options.fast else None) as runner:
        outcome = runner.run(run())
    if options.out is not None:
        try:
            write_wav(options.out, outcome.sound, OUT_RATE_HZ)
        except OSError as error:
            raise BadInput(f"{options.out} cannot be written: {error.strerror}.") from error
    if options.json:
        said = [{"at": round(at, 2), "who": who, "text": text} for at, who, text in captions.conversation]
        print(json.dumps({"seconds": round(outcome.seconds, 2), "conversation": said, **figures(captions.timed)}))
    else:
        print("", *latency_table(captions.timed), sep="\n")
