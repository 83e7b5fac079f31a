"""Where this user's weights and certificates are kept. Reads OMNILIVE_HOME."""

from __future__ import annotations

import os
from pathlib import Path

from stream.models.weights import WeightStore


def home() -> Path:
    """OMNILIVE_HOME, or ~/.cache/omnilive."""
    chosen = os.environ.get("OMNILIVE_HOME")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "omnilive"


def weight_store() -> WeightStore:
    return WeightStore(home())
