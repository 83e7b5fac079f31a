"""Limits on what one client may ask of a server: calls in a minute, and calls that are not connected yet.

Clients are counted by the key that the connection limits use; None, on loopback, is exempt.
"""

from __future__ import annotations

from dialogue.errors import AssistantError
from ui.host.allowance import ClientAllowances

OFFERS_PER_S, OFFERS_AT_ONCE = 0.5, 20.0  # a page in the queue asks every three seconds
MOST_UNCONNECTED = 2
UNCONNECTED_RETRY_S = 5.0


class TooFast(AssistantError):
    """A client asks too often; it may ask again after `retry_s`."""

    def __init__(self, message: str, retry_s: float) -> None:
        super().__init__(message)
        self.retry_s = retry_s


class CallerLimits:
    """The limits of the clients of one server."""

    def __init__(self) -> None:
        self._offers = ClientAllowances(OFFERS_PER_S, OFFERS_AT_ONCE)

    def offer(self, client: str | None, unconnected: int, now: float) -> None:
        """Counts an offer of a client that has `unconnected` calls under way. Raises TooFast."""
        if client is None:
            return
        allowance = self._offers.of(client)
        if not allowance.take(now):
            advice = "Calls are requested too often from your address. Please wait a moment."
            raise TooFast(advice, allowance.wait_s(now))
        if unconnected >= MOST_UNCONNECTED:
            advice = f"{unconnected} calls from your address are not connected yet. Please wait a moment."
            raise TooFast(advice, UNCONNECTED_RETRY_S)
