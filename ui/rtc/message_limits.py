"""Limits on the messages that a call's SCTP association puts together.

aiortc keeps every fragment of a message until its last one arrives, and looks at all of them for each that arrives: an
endless message grows without bound and takes a whole core. Here what is kept is bounded. A fragment beyond a bound
is dropped unacknowledged, so that an honest sender repeats it; a message that can never be complete ends the
connection. Replaces private parts of aiortc, whose version ui/rtc/webrtc.py checks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import DataChunk, tsn_plus_one

from ui.host.log_limits import LogLimit

log = logging.getLogger(__name__)
log.addFilter(LogLimit())

WINDOW = 256 * 1024  # bytes; the longest message of a page has 64 kB
BEYOND_WINDOW = 16 * 1024  # bytes of an honest sender that probes a closed window
MOST_FRAGMENTS = 1024  # of one stream
MOST_OUT_OF_ORDER = 512  # fragments
MOST_STREAMS = 16  # a page opens one


def limit_messages(sctp: RTCSctpTransport, endless: Callable[[], None]) -> None:
    """Bounds what `sctp` keeps; to be called before it starts. `endless` is called for a message that is too long."""
    sctp._inbound_streams_max = MOST_STREAMS
    sctp._advertised_rwnd = WINDOW
    receive = sctp._receive_data_chunk
    ended = False

    async def receive_within_limits(chunk: DataChunk) -> None:
        nonlocal ended
        if ended or not _has_room(sctp, chunk):
            return
        await receive(chunk)
        if _is_endless(sctp, chunk):
            ended = True
            sctp._inbound_streams.clear()
            log.warning("A message of a page is longer than %d bytes. Its call ends.", WINDOW)
            endless()

    setattr(sctp, "_receive_data_chunk", receive_within_limits)  # noqa: B010 - mypy refuses methods of instances


def _has_room(sctp: RTCSctpTransport, chunk: DataChunk) -> bool:
    in_order = chunk.tsn == tsn_plus_one(sctp._last_received_tsn)
    return chunk.stream_id < MOST_STREAMS and (in_order or len(sctp._sack_misordered) < MOST_OUT_OF_ORDER)


def _is_endless(sctp: RTCSctpTransport, chunk: DataChunk) -> bool:
    stream = sctp._inbound_streams.get(chunk.stream_id)
    kept = WINDOW - sctp._advertised_rwnd
    return kept > WINDOW + BEYOND_WINDOW or (stream is not None and len(stream.reassembly) > MOST_FRAGMENTS)
