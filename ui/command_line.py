"""The `omnilive` command: parses the command line, runs a subcommand and prints its errors in one sentence.

Each subcommand has its own file in ui/commands and imports what it needs when it runs, so that `omnilive --help`
answers at once.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from dialogue.errors import AssistantError
from stream.runtime.failures import plain_errors
from ui.commands import COMMANDS
from ui.host.sleeping_threads import let_threads_sleep
from ui.host.version import product_version

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

EXAMPLES = """\
first steps:
  omnilive run                               serve the page: open the printed address and press Start
  omnilive talk                              talk with this machine's microphone and camera
  omnilive talk --text                       type instead of talking
  omnilive ask photo.jpg "What does the sign say?"
  omnilive ask question.wav                  answer the question in a recording
  omnilive replay talk.mp4 --fast            send a recording through the live pipeline
  omnilive models pull                       download the weights of the default setup
  omnilive doctor                            check this machine, with advice

Everything runs on this machine, except on the servers that you name with `--setup remote`, `--engine realtime`,
`--delegate` and `--mcp`.

environment:
  OMNILIVE_HOME    folder of weights and certificates (default: ~/.cache/omnilive)
  OMNILIVE_MIND    embedded language model: small, large, or auto (default), which chooses by the machine
  OMNILIVE_TOKEN   access token of `omnilive run`, like --token
  OMNILIVE_REMOTE_KEY   API key of the server of `--setup remote`, like --remote-key
  OMNILIVE_DELEGATE_KEY   API key of the server of `--delegate`, like --delegate-key-file

`omnilive COMMAND --help` explains a command, with examples and defaults.
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="omnilive",
        description="A real-time assistant that sees, hears and talks, on your own machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", help="print the version", version=f"omnilive {product_version()}")
    top.add_argument("--verbose", action="store_true", help="log events, and show tracebacks of errors")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Exit codes: 0, 1 (a check failed), 2 (the command could not run), 130 (Ctrl-C)."""
    let_threads_sleep()
    options = parser().parse_args(arguments)
    options.arguments = list(sys.argv[1:] if arguments is None else arguments)
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
        _discard_output()
        return EXIT_BAD_INPUT
    except OSError as error:
        if options.verbose or not _output_is_lost():
            raise
        print(f"omnilive: The output cannot be written: {error.strerror}.", file=sys.stderr)
        _discard_output()
        return EXIT_BAD_INPUT


def _output_is_lost() -> bool:
    """Whether standard output cannot be written any more, as on a full disk."""
    try:
        print(flush=True)  # a flush alone succeeds where Python does not buffer
    except OSError:
        return True
    return False


def _discard_output() -> None:
    """Redirects standard output to nothing, since flushing it when the program ends would fail with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
