"""`omnilive cluster`: replicas of the server on Ray, behind one address."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from stream.models.needs import weights_needed
from stream.models.setup import Setup
from ui.commands.delegate_option import add_delegate_options, with_delegate
from ui.commands.options.access_options import add_access_options, api_keys, given_token, ice_servers
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, at_least_one, chosen_setup, port
from ui.host.address import is_loopback, listen
from ui.host.home import home, weight_store
from ui.host.progress import fetch
from ui.host.stop_signals import stopped_by_signals
from ui.http.access import checked_token, new_token
from ui.rtc.ice_servers import IceServers

if TYPE_CHECKING:
    from ui.cluster.cluster import ReplicaRecipe
    from ui.http.server import Service

EXAMPLES = """\
  omnilive cluster --replicas 2                   two processes on this machine, at http://127.0.0.1:8080/
  omnilive cluster --replicas 2 --most 8 --spare 4     more of them while fewer than 4 places are free
  omnilive cluster --ray auto --host 0.0.0.0      on the machines of the Ray cluster that runs here already
  omnilive cluster --setup remote --remote-url http://gpu-box:8000/v1    with one vLLM server for all replicas
"""
DRAIN_S = 30.0


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "cluster",
        run,
        about="serve one page from several processes or machines, on Ray",
        description="Starts replicas of the server on Ray, and one address before them, with one queue. Needs the "
        "extra cluster. docs/scale.md explains it.",
        examples=EXAMPLES,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    parser.add_argument("--port", type=port, default=8080, help="port to listen on; 0: any free one; default: 8080")
    parser.add_argument(
        "--replicas", type=at_least_one, default=2, metavar="N", help="replicas at the start, and at least; default: 2"
    )
    parser.add_argument("--most", type=at_least_one, metavar="N", help="replicas at most; default: as at the start")
    parser.add_argument(
        "--spare", type=int, default=1, metavar="N", help="places that are to be free at all times; default: 1"
    )
    parser.add_argument("--sessions", type=at_least_one, metavar="N", help="calls of each replica; default: measured")
    parser.add_argument("--cpus", type=float, default=1.0, help="cores that Ray reserves for a replica; default: 1")
    parser.add_argument("--ray", metavar="ADDRESS", help="a Ray cluster that runs already; default: a new one, here")
    parser.add_argument(
        "--drain",
        type=float,
        default=DRAIN_S,
        metavar="S",
        help="seconds that calls may go on after Ctrl-C; default: 30",
    )
    add_access_options(parser)
    add_delegate_options(parser)
    add_setup_options(parser)


def run(options: argparse.Namespace) -> int:
    """Serves until Ctrl-C or SIGTERM, and then until the calls have ended, but no longer than --drain; a second signal
    ends it at once."""
    from ui.cluster.autoscaling import Autoscaling
    from ui.cluster.cluster import Cluster, serve_cluster, start_ray  # an optional extra
    from ui.http.web_server import guarded_server

    most = options.most or options.replicas
    if most < options.replicas or options.spare < 0:
        raise BadInput("--most must be at least --replicas, and --spare at least 0.")
    recipe = _recipe(options)
    start_ray(options.ray, round(options.cpus * most + 0.5))

    async def serve() -> None:
        listening, address = listen(options.host, options.port)
        given = given_token(options)
        token = checked_token(given) if given else None if address.local else new_token()
        keys = api_keys(options)
        cluster = Cluster(recipe=recipe, scaling=Autoscaling(options.replicas, most, options.spare), keys=keys)
        web = guarded_server(cluster.front.application(), keys, address, token, home())
        print(f"starting {options.replicas} replicas ...", flush=True)
        print(f"\n    {address.url(token)}\n\nCtrl-C ends it.", flush=True)
        stop = asyncio.Event()
        with stopped_by_signals(stop, options.drain):
            await serve_cluster(cluster, web, listening, stop, drain_s=options.drain)

    asyncio.run(serve())
    return 0


def _recipe(options: argparse.Namespace) -> ReplicaRecipe:
    from ui.cluster.cluster import ReplicaRecipe

    setup = dataclasses.replace(chosen_setup(options), sessions=options.sessions)
    setup = with_delegate(setup, options)
    store = weight_store()
    fetch(store, weights_needed(setup, store))
    local = is_loopback(options.host)
    folder = home()
    return ReplicaRecipe(
        partial(new_service, setup, ice_servers(options)),
        folder,
        host="127.0.0.1" if local else None,
        token=None if local else new_token(),
        cpus=options.cpus,
        environment={"OMNILIVE_HOME": str(folder)},
    )


def new_service(setup: Setup, ice: IceServers) -> Service[Any]:
    """The server of a replica, whose pages reach it by way of `ice`; runs in its process."""
    from stream.models.parts import Parts, open_parts
    from stream.session.session import Session
    from ui.http.server import Service

    async def opened() -> Parts:
        parts = await open_parts(setup, weight_store())
        await parts.measure()
        return parts

    return Service(setup=setup, open_parts=opened, open_session=Session, ice=ice)
