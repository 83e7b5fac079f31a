"""What a page sends over its data channel is put together within bounds, and an endless message ends its call alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import DataChunk

from tests.ui.call.test_call import run, until
from tests.ui.caller import Caller, house
from tests.ui.tracks import Tone
from ui.rtc.message_limits import (
    BEYOND_WINDOW,
    MOST_FRAGMENTS,
    MOST_OUT_OF_ORDER,
    MOST_STREAMS,
    WINDOW,
    limit_messages,
)

BEGINS, ENDS = 2, 1  # flags of a message's fragments


class NoTransport:
    """Where an association would send to."""

    state = "connected"

    def _register_data_receiver(self, receiver: object) -> None:
        return


def association() -> tuple[RTCSctpTransport, list[None]]:
    sctp = RTCSctpTransport(NoTransport())
    sctp._last_received_tsn = 0
    ended = list[None]()
    limit_messages(sctp, lambda: ended.append(None))
    return sctp, ended


def fragment(tsn: int, data: bytes, flags: int = 0, stream: int = 0) -> DataChunk:
    chunk = DataChunk(flags=flags)
    chunk.tsn, chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = tsn, stream, 0, 51, data
    return chunk


def kept(sctp: RTCSctpTransport) -> int:
    return sum(len(chunk.user_data) for stream in sctp._inbound_streams.values() for chunk in stream.reassembly)


@pytest.mark.parametrize("size", [1200, 1])
def test_an_endless_message_is_not_kept_and_ends_the_call(size: int) -> None:
    async def story() -> None:
        sctp, ended = association()
        for tsn in range(1, 20_000):
            await sctp._receive_data_chunk(fragment(tsn, bytes(size), BEGINS if tsn == 1 else 0))
            assert kept(sctp) <= WINDOW + BEYOND_WINDOW + size
            assert sum(len(stream.reassembly) for stream in sctp._inbound_streams.values()) <= MOST_FRAGMENTS
        assert ended == [None]

    run(story())


def test_fragments_far_out_of_order_are_left_for_a_repetition() -> None:
    async def story() -> None:
        sctp, ended = association()
        for tsn in range(2, 5000):
            await sctp._receive_data_chunk(fragment(tsn, b"x", BEGINS | ENDS))
        assert len(sctp._sack_misordered) == MOST_OUT_OF_ORDER and not ended
        await sctp._receive_data_chunk(fragment(1, b"x", BEGINS | ENDS))
        assert sctp._last_received_tsn == MOST_OUT_OF_ORDER + 1, "the one that was missing lets the others through"

    run(story())


def test_streams_are_few() -> None:
    async def story() -> None:
        sctp, _ = association()
        for tsn in range(1, 200):
            await sctp._receive_data_chunk(fragment(tsn, b"x", BEGINS, stream=tsn))
        assert len(sctp._inbound_streams) < MOST_STREAMS

    run(story())


def test_an_endless_message_costs_the_neighbour_nothing(tmp_path: Path) -> None:
    """1.7 MB a second took a whole core."""

    async def story() -> None:
        async with (
            house(tmp_path) as server,
            Caller(server.client, (Tone(),)) as hostile,
            Caller(server.client, (Tone(),)) as neighbour,
        ):
            await hostile.call()
            await neighbour.call()
            hostile.channel.transport._remote_max_message_size = None
            hostile.send("x" * 40_000_000)
            before = time.process_time()
            session = next(each for each in server.sessions if each.name == hostile.session)
            await until(session.closed.is_set)
            assert session.reason == "the connection was lost"
            assert time.process_time() - before < 6.0, "both ends and the neighbour's call share this process"
            neighbour.send({"type": "ping", "t": 1})
            await neighbour.message("pong")

    run(story())


def test_a_message_of_the_longest_size_arrives(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [session] = server.sessions
            caller.send({"type": "say", "text": "y" * 60_000})
            await until(lambda: any(len(getattr(event, "text", "")) == 60_000 for event in session.perceived))

    run(story())


def test_a_flood_of_messages_is_refused_in_part_and_the_call_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [session] = server.sessions
            for _ in range(10_000):
                caller.send({"type": "interrupt"})
            refused = server.calls._metrics.dropped.labels("messages_refused")
            await until(lambda: refused._value.get() > 1000, 20.0)
            assert session.perceived and not session.closed.is_set()
            caller.send({"type": "bye"})

    run(story())
