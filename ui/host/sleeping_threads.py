"""Threads of torch that wait for one another sleep, instead of turning in circles on a core that somebody needs.

On a machine that is used for something else too (a browser, always) they would wait for threads that do not get to
run: small layers took ten times as long on two busy cores, and no less on two idle ones.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

POLICY = "OMP_WAIT_POLICY"  # read once, by the OpenMP runtime that comes with torch


def let_threads_sleep(environment: MutableMapping[str, str] = os.environ) -> None:
    """Works until torch is imported; who has set a policy keeps it."""
    environment.setdefault(POLICY, "PASSIVE")
