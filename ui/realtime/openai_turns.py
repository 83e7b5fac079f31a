"""The turn detection of OpenAI's Realtime dialect: what a client may choose, as the session understands it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogue.errors import BadInput
from stream.runtime.given import Eagerness, TurnsChosen

SILENCE_MS, PADDING_MS = (100, 5_000), (0, 2_000)
THRESHOLD = (0.05, 0.95)  # beyond them the probability of speech says nothing
EAGERNESS: Mapping[str, Eagerness] = {"low": "low", "medium": "medium", "high": "high", "auto": "medium"}
COMMON = {"type", "create_response", "interrupt_response"}
OPTIONS = {
    "server_vad": COMMON | {"threshold", "silence_duration_ms", "prefix_padding_ms", "idle_timeout_ms"},
    "semantic_vad": COMMON | {"eagerness"},
}


def turns_chosen(detection: Any) -> TurnsChosen:
    """What the `turn_detection` of a session means. Raises BadInput for what this server cannot do."""
    if not isinstance(detection, Mapping) or detection.get("type") not in OPTIONS:
        raise BadInput("turn_detection must be null, server_vad or semantic_vad.")
    kind = str(detection["type"])
    if strange := sorted(set(map(str, detection)) - OPTIONS[kind]):
        raise BadInput(f"turn_detection of the type {kind} has no option {strange[0][:80]!r}.")
    answers = detection.get("create_response")
    if answers not in (None, True, False):
        raise BadInput("create_response must be true or false.")
    if detection.get("idle_timeout_ms") is not None:
        raise BadInput("This server does not speak unasked after a silence; leave out idle_timeout_ms.")
    interruptible = detection.get("interrupt_response")
    if interruptible not in (None, True, False):
        raise BadInput("interrupt_response must be true or false.")
    eagerness = detection.get("eagerness") or "auto"
    if eagerness not in EAGERNESS:
        raise BadInput(f"eagerness must be one of {', '.join(EAGERNESS)}.")
    usual = TurnsChosen()
    silence_ms = _number(detection, "silence_duration_ms", 500.0, SILENCE_MS)
    return TurnsChosen(
        threshold=_number(detection, "threshold", usual.threshold, THRESHOLD, clips=True),
        silence_s=silence_ms / 1000 if kind == "server_vad" else None,
        eagerness=EAGERNESS[eagerness],
        pre_roll_s=_number(detection, "prefix_padding_ms", 1000 * usual.pre_roll_s, PADDING_MS) / 1000,
        interruptible=interruptible is not False,
        answers=answers is not False,
    )


def _number(
    detection: Mapping[str, Any], name: str, usual: float, limits: tuple[float, float], *, clips: bool = False
) -> float:
    """The option as a number within the limits; `clips` takes the nearest one for a number up to 1 beyond them."""
    value, (low, high) = detection.get(name), limits
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{name} must be a number.")
    if clips and 0 <= value <= 1:
        return min(max(float(value), low), high)
    if not low <= value <= high:
        raise BadInput(f"{name} must be from {low} to {high}.")
    return float(value)
