"""A page's request about the path of its call: candidates that it has found since the offer, or an ICE restart."""

from __future__ import annotations

from collections.abc import Mapping

from dialogue.errors import AssistantError, BadInput
from ui.call.calls import Calls
from ui.rtc.offer import MOST_CANDIDATES, read_offer

LONGEST_CANDIDATE = 500  # characters


class NoSuchCall(AssistantError):
    """The call has ended, or goes over a WebSocket."""


async def change_path(calls: Calls | None, body: Mapping[str, object]) -> dict[str, str]:
    """Does what `body` asks for, an object as in docs/wire.md; returns the answer. Raises BadInput, NoSuchCall."""
    token = body.get("resume")
    connection = calls.peer_connection(token) if calls is not None and isinstance(token, str) else None
    if connection is None:
        raise NoSuchCall("No call over WebRTC goes on here under this token.")
    if "sdp" in body:
        return {"sdp": await connection.restart(read_offer(body["sdp"], body.get("type"))), "type": "answer"}
    candidates, user = body.get("candidates"), body.get("user")
    if (
        not isinstance(candidates, list)
        or len(candidates) > MOST_CANDIDATES
        or not all(isinstance(each, str) and len(each) <= LONGEST_CANDIDATE for each in candidates)
    ):
        raise BadInput(f"candidates must be a list of at most {MOST_CANDIDATES} texts.")
    await connection.add_candidates(candidates, user if isinstance(user, str) else None)
    return {}
