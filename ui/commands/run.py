"""`omnilive run`: downloads missing weights, warms up the models and serves the page."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import os
import time
from collections.abc import Callable

from stream.models.needs import weights_needed
from stream.models.setup import Setup
from ui.commands.remember_option import add_remember_option, with_remember
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, at_least_one, chosen_setup, port
from ui.host.home import home, weight_store
from ui.host.log_limits import LogLimit
from ui.host.progress import bars

EXAMPLES = """\
  omnilive run                        serve this machine only: http://127.0.0.1:8080/
  omnilive run --host 0.0.0.0         serve other machines too: HTTPS, with an access token in the address
  omnilive run --port 0               on any free port
  omnilive run --llm Qwen/Qwen3-0.6B  with a chat model of the hub as the LLM
  omnilive run --model openbmb/MiniCPM-o-2_6 --quantize int4
  omnilive run --setup remote --remote-url http://127.0.0.1:8000/v1
  omnilive run --remember             calls are remembered, in a file on this machine
"""


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "run",
        serve_page,
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
        "--token", help="access token of other machines; default: OMNILIVE_TOKEN, or a new one at each start"
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
    add_remember_option(parser)
    add_setup_options(parser)


def privacy(setup: Setup) -> str:
    kept = f" What is said and seen in calls is kept in {setup.remember}." if setup.remember is not None else ""
    if setup.engine.server:
        return f"What you say or type, and what the camera sees, is sent as text to {setup.engine.server}.{kept}"
    return f"Nothing that you say or show leaves this machine.{kept}"


def serve_page(options: argparse.Namespace) -> None:
    for handler in logging.getLogger().handlers:  # clients can cause log records of a server
        handler.addFilter(LogLimit())
    setup = dataclasses.replace(chosen_setup(options, upgrades=True), sessions=options.sessions)
    setup = with_remember(setup, options)
    store, began = weight_store(), time.perf_counter()
    with bars() as progress:
        store.pull(weights_needed(setup, store), progress)
    if setup.llm_choice:
        print(f"language model: {setup.llm_choice}", flush=True)
    print(f"warming up the setup {setup.name} ...", flush=True)
    # The models' libraries take seconds to import, so the line above is printed first.
    from stream.models.capacity import capacity_of
    from stream.models.parts import Parts, open_parts
    from stream.models.upgrade import upgraded
    from ui.http.server import serve

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
        print(f"    {url}\n\n{privacy(setup)} Ctrl-C ends it.", flush=True)

    asyncio.run(
        serve(
            setup,
            opened,
            options.host,
            options.port,
            cache_dir=home(),
            token=options.token or os.environ.get("OMNILIVE_TOKEN"),
            stun=options.stun,
            on_ready=ready,
            upgrade=upgrade if setup.upgrade is not None else None,
        )
    )
