"""Remembers how fast a model wrote on this machine, in a small file beside the model's."""

from __future__ import annotations

import json
import logging
import os
import platform
from pathlib import Path

log = logging.getLogger(__name__)


def pace_path(model: Path) -> Path:
    """Where the speed of a model file is kept."""
    return model.with_name(f"{model.name}.pace")


def remembered_pace(model: Path) -> float | None:
    """Tokens a second; None where nothing was measured with this file on this machine."""
    try:
        kept = json.loads(pace_path(model).read_text(encoding="utf-8"))
        return float(kept["tokens_per_s"]) if kept["measured_on"] == _measured_on(model) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_pace(model: Path, tokens_per_s: float) -> None:
    """Keep a measurement. The fastest one on this machine stays: slower ones were delayed by other programs."""
    fastest = max(tokens_per_s, remembered_pace(model) or 0.0)
    try:
        kept = {"tokens_per_s": round(fastest, 2), "measured_on": _measured_on(model)}
        pace_path(model).write_text(json.dumps(kept), encoding="utf-8")
    except OSError as error:
        log.warning("the speed of %s is not kept: %s", model.name, error.strerror or error)


def _measured_on(model: Path) -> list[object]:
    """The machine and the file: a cache folder may move to another machine."""
    return [platform.node(), platform.machine(), os.cpu_count(), model.stat().st_size]
