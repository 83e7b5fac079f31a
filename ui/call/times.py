"""How long a call waits for its page."""

from __future__ import annotations

from dataclasses import dataclass

# A page pings every 2 s even when it sends no sound, so a page that sends nothing for this long is gone. Its slot is
# free again within 15 s; aiortc alone would take 30 s.
VANISHED_S = 12.0
RESUME_S = 30.0
CONNECT_S = 4.0  # on a network of one's own it takes 0.1 to 0.7 s; the slot is free again within 5 s


@dataclass(frozen=True, slots=True)
class CallTimes:
    """`vanished_s` without a packet: the page is gone. `resume_s`: for a lost page to come back. `connect_s`: for the
    first connectivity check to succeed."""

    vanished_s: float = VANISHED_S
    resume_s: float = RESUME_S
    connect_s: float = CONNECT_S
