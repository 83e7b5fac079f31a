"""The budget of one call's camera: pixels and processor time a second. Pure: times are parameters.

A frame is decoded before it is known what it costs, so the budget may be overdrawn; then nothing is decoded until half
of it is back, which leaves out pictures instead of delaying all of them.
"""

from __future__ import annotations

from ui.host.allowance import Allowance

PIXELS_PER_S = 1280 * 720 * 20.0  # the page sends 1280×720 at most 15 times a second
CPU_SHARE = 0.35  # of one core; 640×480 takes about 0.03
BURST_S = 2.0
RESUME_AT = 0.5


class VideoBudget:
    """What is left for the frames of one call."""

    def __init__(self, pixels_per_s: float = PIXELS_PER_S, cpu_share: float = CPU_SHARE) -> None:
        self._pixels = Allowance(pixels_per_s, BURST_S * pixels_per_s)
        self._cpu = Allowance(cpu_share, BURST_S * cpu_share)
        self._spent = False

    def spend(self, now: float, pixels: int, cpu_s: float) -> None:
        """Takes note of a decoded frame."""
        self._pixels.spend(now, pixels)
        self._cpu.spend(now, cpu_s)

    def allows(self, now: float) -> bool:
        """Whether the next frame may be decoded."""
        left = min(self._pixels.share_left(now), self._cpu.share_left(now))
        self._spent = left <= (RESUME_AT if self._spent else 0.0)
        return not self._spent
