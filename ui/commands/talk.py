"""`omnilive talk`: holds a conversation at this machine, by voice or by keyboard."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from stream.models.needs import weights_needed
from ui.commands.delegate_option import add_delegate_options, with_delegate
from ui.commands.library import add_library_option, with_library
from ui.commands.remember_option import add_remember_option, with_remember
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, chosen_setup
from ui.host.home import weight_store
from ui.host.progress import fetch

if TYPE_CHECKING:
    from stream.models.parts import Parts
    from stream.models.setup import Setup
    from stream.session.session import Session

EXAMPLES = """\
  omnilive talk                      with this machine's microphone, loudspeaker and camera
  omnilive talk --headphones         without echo cancellation, since the microphone hears only you
  omnilive talk --no-camera          by voice only
  omnilive talk --camera rtsp://ADDRESS     with a network camera; a video file works too
  omnilive talk --text               by keyboard; Ctrl-D ends it
  omnilive talk --remember           what is said is remembered in later calls
  echo "What time is it?" | omnilive talk --text
"""


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "talk",
        talk,
        about="talk with this machine's microphone and camera",
        description="Holds a conversation at this machine, without a browser. You can interrupt the assistant by "
        "speaking: its own voice is removed from what the microphone hears. Ctrl-C ends the conversation.",
        examples=EXAMPLES,
    )
    parser.add_argument("--text", action="store_true", help="type instead of speaking; without any sound")
    parser.add_argument(
        "--headphones",
        action="store_true",
        help="the assistant's voice does not reach the microphone: no echo cancellation is needed",
    )
    parser.add_argument("--no-camera", action="store_true", help="do not use a camera")
    parser.add_argument(
        "--camera",
        default=None,
        metavar="CAMERA",
        help="number of the camera, a video file, or the address of a stream (rtsp://, http://), also with --text; "
        "default: the first camera",
    )
    parser.add_argument(
        "--microphone", metavar="NAME", help="part of the device's name, or its number; default: the system's"
    )
    parser.add_argument(
        "--loudspeaker", metavar="NAME", help="part of the device's name, or its number; default: the system's"
    )
    add_remember_option(parser)
    add_library_option(parser)
    add_delegate_options(parser)
    add_setup_options(parser)


def talk(options: argparse.Namespace) -> None:
    setup = with_delegate(with_remember(chosen_setup(options), options), options)
    setup, store = with_library(setup, options), weight_store()
    fetch(store, weights_needed(setup, store))
    if setup.llm_choice:
        print(f"language model: {setup.llm_choice}", file=sys.stderr)
    print(f"warming up the setup {setup.name} ...", file=sys.stderr, flush=True)
    from stream.models.parts import open_parts

    async def run() -> None:
        parts = await open_parts(setup, store)
        if parts.remark:
            print(parts.remark, file=sys.stderr)
        try:
            await converse(options, parts, setup)
        finally:
            parts.close()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        print()


async def converse(options: argparse.Namespace, parts: Parts, setup: Setup) -> None:
    """Opens the devices that the options name, and runs the conversation to its end."""
    from stream.session.session import Session
    from ui.local.talking import LocalConversation
    from ui.local.terminal_captions import Captions, TypedDialogue

    if options.headphones:
        parts = replace(parts, new_echo_canceller=None)
    session = Session(name="talk", parts=parts, setup=setup)
    talking = LocalConversation(session, TypedDialogue().print if options.text else Captions().print)
    with ExitStack() as devices:
        if not options.text:
            devices.enter_context(talking.loudspeaker(device(options.loudspeaker)))
            devices.enter_context(talking.microphone(device(options.microphone)))
            print("Speak; I am listening. Ctrl-C ends it.", flush=True)
        watching = camera(options, session)
        helping = [work for work in (watching, talking.discard_voice() if options.text else None) if work is not None]
        async with asyncio.TaskGroup() as tasks:
            helpers = [tasks.create_task(work) for work in helping]
            await talking.run(keyboard if options.text else None)
            for helper in helpers:
                helper.cancel()


def keyboard() -> AsyncIterator[str]:
    from ui.local.keyboard import typed_lines

    def prompt() -> None:
        if sys.stdin.isatty():
            print("you> ", end="", flush=True)

    return typed_lines(sys.stdin, prompt)


def camera(options: argparse.Namespace, session: Session) -> Coroutine[Any, Any, None] | None:
    """The coroutine that reads the camera; None without a camera or where the options exclude it."""
    if options.camera is None and (options.text or options.no_camera):
        return None
    from stream.runtime.events import DeviceLost, FrameReceived
    from ui.local.camera import LocalCamera

    try:
        opened = LocalCamera(options.camera)
    except BadInput as error:
        if options.camera is not None:
            raise
        print(f"{error} The conversation goes on without a camera.", file=sys.stderr)
        return None

    async def watch() -> None:
        try:
            await opened.watch(lambda picture: session.push(FrameReceived(replace(picture, at=session.now()))))
        except BadInput as error:
            session.push(DeviceLost("camera", str(error)))

    return watch()


def device(named: str | None) -> int | str | None:
    return int(named) if named is not None and named.isdecimal() else named
