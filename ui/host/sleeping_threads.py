"""Makes waiting threads of torch sleep instead of spinning on a core that other programs need.

Beside a busy browser, spinning threads wait for threads that do not get a core: small layers took ten times as long
on two busy cores, and were not faster on two idle ones.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

POLICY = "OMP_WAIT_POLICY"  # read once, by the OpenMP runtime that comes with torch


def let_threads_sleep(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets the OpenMP wait policy, unless the user has set one. Must run before torch is imported."""
    environment.setdefault(POLICY, "PASSIVE")
