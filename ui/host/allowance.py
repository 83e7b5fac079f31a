"""Token buckets: limits on a rate that leave room for bursts. Pure: times are parameters, in seconds of any clock."""

from __future__ import annotations

from collections import OrderedDict


class Allowance:
    """`per_s` of something on average, and up to `burst` at once."""

    def __init__(self, per_s: float, burst: float) -> None:
        assert per_s > 0 and burst > 0
        self._per_s, self._burst = per_s, burst
        self._left, self._at = burst, float("-inf")

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Takes `amount` if there is that much; returns whether it did."""
        self._refill(now)
        if self._left < amount:
            return False
        self._left -= amount
        return True

    def spend(self, now: float, amount: float) -> None:
        """Takes `amount` that is already used, down to a debt of one burst."""
        self._refill(now)
        self._left = max(self._left - amount, -self._burst)

    def share_left(self, now: float) -> float:
        """What is left, as a share of the burst; negative for a debt."""
        self._refill(now)
        return self._left / self._burst

    def wait_s(self, now: float, amount: float = 1.0) -> float:
        """Seconds until `amount` can be taken."""
        self._refill(now)
        return max(0.0, (amount - self._left) / self._per_s)

    def _refill(self, now: float) -> None:
        if now > self._at:
            self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
            self._at = now


class ClientAllowances:
    """One Allowance for each client; at most `most` clients are remembered, the longest unseen is forgotten first."""

    def __init__(self, per_s: float, burst: float, most: int = 4096) -> None:
        self._per_s, self._burst, self._most = per_s, burst, most
        self._clients: OrderedDict[str, Allowance] = OrderedDict()

    def of(self, client: str) -> Allowance:
        """The allowance of one client."""
        found = self._clients.pop(client, None) or Allowance(self._per_s, self._burst)
        self._clients[client] = found
        if len(self._clients) > self._most:
            self._clients.popitem(last=False)
        return found
