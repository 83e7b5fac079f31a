"""`omnilive run`: downloads missing weights, warms up the models and serves the page."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stream.models.needs import weights_needed
from stream.models.setup import Setup
from ui.commands.delegate_option import add_delegate_options, with_delegate
from ui.commands.library import add_library_option, with_library
from ui.commands.options.access_options import TOKEN, add_access_options, api_keys, given_token, ice_servers
from ui.commands.options.camera_option import add_camera_option, camera_sessions
from ui.commands.options.record_option import add_record_option, recordings_folder
from ui.commands.remember_option import add_remember_option, with_remember
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, at_least_one, chosen_setup, port
from ui.host.address import listen
from ui.host.home import home, weight_store
from ui.host.log_limits import LogLimit
from ui.host.privacy import privacy
from ui.host.progress import fetch
from ui.host.supervised import SupervisorLink
from ui.host.supervisor import supervise
from ui.http.access import checked_token, new_token

if TYPE_CHECKING:
    from ui.call.metrics import Spans

EXAMPLES = """\
  omnilive run                        serve this machine only: http://127.0.0.1:8080/
  omnilive run --host 0.0.0.0         serve other machines too: HTTPS, with an access token in the address
  omnilive run --port 0               on any free port
  omnilive run --llm Qwen/Qwen3-0.6B  with a chat model of the hub as the LLM
  omnilive run --model openbmb/MiniCPM-o-2_6 --quantize int4
  omnilive run --setup remote --remote-url http://127.0.0.1:8000/v1
  omnilive run --remember             calls are remembered, in a file on this machine
  omnilive run --camera rtsp://ADDRESS    calls see with a network camera, a film or a camera of this machine
  omnilive run --record calls         callers may agree on the page that their call is recorded in the folder calls
  omnilive run --delegate http://gpu-box:8000/v1    "ask the big model ..." passes a question on

exit codes: 0 after Ctrl-C or SIGTERM; 2 where it cannot run; 70 where the server process crashed and was not started
again (it is started again at most 5 times in 10 minutes, and not before it was ready once).
"""

PROGRAM = Path(__file__).parents[2] / "omnilive.py"
SUPERVISED = "--supervised"
# For glibc: with eight pools for each core, memory that one thread frees is not used by another.
ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
EXIT_BROKEN = 75  # EX_TEMPFAIL: the process is started again


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "run",
        run,
        about="serve the page for calls in a browser",
        description="Downloads missing weights, warms up the models, and prints the address to open in a browser.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1, this machine only"
    )
    parser.add_argument(
        "--port", type=port, default=8080, help="port to listen on; 0 takes any free one; default: 8080"
    )
    parser.add_argument(
        "--sessions",
        type=at_least_one,
        metavar="N",
        help="calls at the same time; default: as many as this machine keeps up with in a measurement at the start",
    )
    parser.add_argument(
        "--stun",
        metavar="HOST:PORT",
        help="STUN server that reports the public address of this machine, so that browsers outside its network can "
        "reach it; not used with a loopback --host; default: none",
    )
    add_access_options(parser)
    add_remember_option(parser)
    add_library_option(parser)
    add_record_option(parser)
    add_camera_option(parser)
    parser.add_argument(
        "--otel",
        nargs="?",
        const="",
        metavar="URL",
        help="send the record of every turn as OpenTelemetry spans, times without words, to an OTLP endpoint over "
        "HTTP, such as http://localhost:4318/v1/traces; without URL to that of the OTEL_EXPORTER_OTLP_* variables; "
        "needs the extra otel",
    )
    add_delegate_options(parser)
    parser.add_argument(
        "--memory-limit",
        type=at_least_one,
        metavar="GB",
        help="end and restart the server process when it uses more memory; calls then go on; default: none",
    )
    parser.add_argument(
        "--unsupervised", action="store_true", help="serve in this process; a crash then ends it (for debuggers)"
    )
    parser.add_argument(SUPERVISED, metavar="DESCRIPTORS", help=argparse.SUPPRESS)
    add_setup_options(parser)


def run(options: argparse.Namespace) -> int:
    """Serves the page, in a process of its own that is started again after a crash."""
    if options.supervised:
        code = serve_page(options, SupervisorLink(options.supervised))
        sys.stdout.flush()
        os._exit(code)  # all calls and threads have ended; the libraries' own clean-up takes up to a second of a core
    if options.unsupervised:
        return serve_page(options, None)
    given = given_token(options)
    token = checked_token(given) if given else None
    listening, address = listen(options.host, options.port)
    if token is None and not address.local:
        token = new_token()  # the same one after a restart
    with listening:
        return supervise(
            [sys.executable, str(PROGRAM), *options.arguments, SUPERVISED],
            listening,
            environment=ALLOCATOR | os.environ | ({TOKEN: token} if token else {}),
            memory_limit_bytes=options.memory_limit * 10**9 if options.memory_limit else None,
        )


def _spans(options: argparse.Namespace) -> Spans | None:
    if options.otel is None:
        return None
    from ui.call.turn_spans import spans_to  # an optional extra

    return spans_to(options.otel)


def serve_page(options: argparse.Namespace, supervisor: SupervisorLink | None) -> int:
    for handler in logging.getLogger().handlers:  # clients can cause log records of a server
        handler.addFilter(LogLimit())
    setup = dataclasses.replace(chosen_setup(options, upgrades=True), sessions=options.sessions)
    setup = with_library(with_delegate(with_remember(setup, options), options), options)
    recordings, spans, open_session = recordings_folder(options), _spans(options), camera_sessions(options)
    store, began = weight_store(), time.perf_counter()
    fetch(store, weights_needed(setup, store))
    if setup.llm_choice:
        print(f"language model: {setup.llm_choice}", flush=True)
    print(f"warming up the setup {setup.name} ...", flush=True)
    # The models' libraries take seconds to import, so the line above is printed first.
    from stream.models.capacity import capacity_of
    from stream.models.parts import Parts, open_parts
    from stream.models.upgrade import upgraded
    from ui.http.server import ServerBroken, serve

    async def opened() -> Parts:
        parts = await open_parts(setup, store)
        await parts.measure()
        print(f"room for {capacity_of(parts, setup).about}", flush=True)
        if parts.remark:
            print(parts.remark, flush=True)
        return parts

    async def upgrade(parts: Parts, arrived: Callable[[int, int], None]) -> tuple[Setup, Parts]:
        better, its_parts = await upgraded(setup, parts, store, arrived)
        print(f"language model of calls that begin now: {better.llm_choice}", flush=True)
        return better, its_parts

    def ready(url: str) -> None:
        print(f"\nready after {time.perf_counter() - began:.1f} s. Open this in a browser and press Start:\n")
        print(f"    {url}\n\n{privacy(setup, recordings)} Ctrl-C ends it.", flush=True)

    serving = serve(
        setup,
        opened,
        options.host,
        options.port,
        cache_dir=home(),
        token=given_token(options),
        stun=options.stun,
        on_ready=ready,
        open_session=open_session,
        upgrade=upgrade if setup.upgrade is not None else None,
        supervisor=supervisor,
        record=recordings,
        spans=spans,
        keys=api_keys(options),
        ice=ice_servers(options),
    )
    try:
        asyncio.run(serving)
    except ServerBroken as error:
        print(f"omnilive: {error}", file=sys.stderr, flush=True)
        return EXIT_BROKEN
    return 0
