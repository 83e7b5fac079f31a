"""The `omnilive` command: which subcommands there are, and how their errors reach a person.

Each subcommand lives in its own file below ui/commands and imports what it needs when it runs, so that
`omnilive --help` answers at once.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from dialogue.errors import AssistantError
from ui.commands import COMMANDS
from ui.host.plain_errors import plain_errors
from ui.host.sleeping_threads import let_threads_sleep

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

EXAMPLES = """\
first steps:
  omnilive run                               open the page it prints and press Start
  omnilive talk                              talk here, with this machine's microphone and camera
  omnilive talk --text                       the same by typing
  omnilive ask photo.jpg "What does the sign say?"
  omnilive ask question.wav                  answers what is asked in the recording
  omnilive replay talk.mp4 --fast            sends a recording through the live pipeline
  omnilive models pull                       fetches what the assistant needs, about 175 MB
  omnilive doctor                            what works on this machine, and what to do about the rest

Everything runs on this machine and nothing leaves it. OMNILIVE_HOME is where weights and
certificates are kept (default ~/.cache/omnilive). `omnilive COMMAND --help` tells more.
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="omnilive",
        description="An assistant that sees, hears and talks with you, on your own machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--verbose", action="store_true", help="log what happens, and show tracebacks")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code is 0, 1 (it found something wrong), 2 (it could not do it) or 130 (Ctrl-C)."""
    let_threads_sleep()
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(name)s: %(message)s")
    try:
        with plain_errors():
            code = int(options.run(options) or 0)
            sys.stdout.flush()
            return code
    except AssistantError as error:
        if options.verbose:
            raise
        print(f"omnilive: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `omnilive models list | head`
        _say_no_more()
        return EXIT_BAD_INPUT
    except OSError as error:
        if options.verbose or not _output_is_lost():
            raise
        print(f"omnilive: the output cannot be written ({error.strerror}): send it elsewhere", file=sys.stderr)
        _say_no_more()
        return EXIT_BAD_INPUT


def _output_is_lost() -> bool:
    """Whether standard output takes nothing any more, as on a full disk."""
    try:
        print(flush=True)  # a flush alone succeeds where Python does not buffer
    except OSError:
        return True
    return False


def _say_no_more() -> None:
    """What standard output did not take would be tried again at the end of the program, and fail with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
