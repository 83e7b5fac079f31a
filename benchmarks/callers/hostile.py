"""Measures what one hostile party costs the calls of others: the ping of a quiet call, with it and without it.

A caller (aiortc) sends pings over its data channel, in a call with the real server and its models. In turn, nothing
else happens, or a process of low priority is hostile in one way (`benchmarks/callers/attacks.py`). For each way: the
95th percentile of the round trip with and without it, in ms, and the change. `worst_change` is the largest one.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.callers.attacks import WAYS
from benchmarks.report import benchmark_parser, report
from stream.runtime.budget import percentile
from tests.browser.served import ServerProcess
from tests.ui.caller import Caller
from tests.ui.strangers import media_sockets
from tests.ui.tracks import Tone
from ui.call.call import MESSAGES_PER_S
from ui.host.home import home

ATTACKS = Path(__file__).with_name("attacks.py")
PING_EVERY_S = 1.2 / MESSAGES_PER_S  # a server answers no more of them
SETTLED_S, STARTING_S, AFTERWARDS_S, ANSWER_WITHIN_S = 4.0, 3.0, 2.0, 10.0


def started(*arguments: str) -> subprocess.Popen[str]:
    """A process of attacks.py that gets processor time after the server and the callers."""
    command = ["nice", "-n", "19", sys.executable, str(ATTACKS), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def chat_server() -> Iterator[str]:
    """The address of a hostile chat server."""
    process = started("serve")
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


async def ping(caller: Caller, seconds: float) -> list[float]:
    """Round trips in ms."""
    took, ends = list[float](), time.perf_counter() + seconds
    while (began := time.perf_counter()) < ends:
        caller.messages.clear()
        caller.send({"type": "ping", "t": began})
        await answered(caller, began)
        took.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(PING_EVERY_S)
    return took


async def answered(caller: Caller, began: float) -> None:
    """Waits for the answer to the ping of that time."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while not any(message.get("t") == began for message in caller.messages):
                caller.changed.clear()
                await caller.changed.wait()
    except TimeoutError:
        state = caller.channel.readyState, caller.connection.connectionState, caller.messages[-3:]
        sys.exit(f"A ping had no answer within {ANSWER_WITHIN_S:g} s; the call: {state}")


async def hostile_pings(caller: Caller, url: str, way: str, seconds: float) -> list[float]:
    sockets = [f"{host}:{port}" for host, port in media_sockets(caller)]
    process = started(way, url, str(seconds + STARTING_S), *sockets)
    try:
        await asyncio.sleep(STARTING_S)
        return await ping(caller, seconds)
    finally:
        process.terminate()
        process.wait()
        await asyncio.sleep(AFTERWARDS_S)


async def compare(url: str, ways: Sequence[str], seconds: float, rounds: int) -> dict[str, float]:
    figures = dict[str, float]()
    async with httpx.AsyncClient(base_url=url, timeout=30) as client, Caller(client, (Tone(),)) as caller:
        await caller.call()
        caller.send({"type": "switch", "microphone": False})
        await asyncio.sleep(SETTLED_S)
        for way in ways:
            quiet, hostile = list[float](), list[float]()
            for _ in range(rounds):
                quiet += await ping(caller, seconds)
                hostile += await hostile_pings(caller, url, way, seconds)
            before, after = percentile(quiet, 0.95), percentile(hostile, 0.95)
            print(f"{way}: {before:.1f} ms, {after:.1f} ms with it", flush=True)
            figures |= {
                f"{way}_quiet_ms_p95": round(before, 2),
                f"{way}_ms_p95": round(after, 2),
                f"{way}_change": round(after / before - 1, 3),
            }
    return figures


def measure(ways: Sequence[str], seconds: float, rounds: int) -> dict[str, float]:
    """Replies of a hostile chat server need a server that asks it; every other way meets the default one."""
    figures = dict[str, float]()
    with chat_server() as remote:
        asks = ("--setup", "remote", "--remote-url", remote, "--remote-model", "any")
        for options, met in (
            ((), [way for way in ways if way != "replies"]),
            (asks, [w for w in ways if w == "replies"]),
        ):
            if not met:
                continue
            server = ServerProcess(home(), options)
            try:
                figures |= asyncio.run(compare(server.url, met, seconds, rounds))
            finally:
                server.close()
    return figures | {"worst_change": max(value for name, value in figures.items() if name.endswith("_change"))}


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--seconds", type=float, default=5, help="of pings in each state of a round (default: 5)")
    parser.add_argument("--rounds", type=int, default=3, help="of each way (default: 3)")
    options = parser.parse_args()
    report(measure(options.ways, options.seconds, options.rounds), options.json)


if __name__ == "__main__":
    main()
