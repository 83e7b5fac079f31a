"""A page's request for a call, read from the JSON object that it posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialogue.errors import AssistantError, BadInput
from stream.session.said import Said
from ui.rtc.offer import Offer, read_offer

MOST_SAID, LONGEST_SAID = 200, 20_000  # turns; characters of all of them
LONGEST_TOKEN = 64


class TakenOver(AssistantError):
    """The call goes on at another page."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """`offer` is None where the call is to go over a WebSocket. `client` is the key by which the caller is counted,
    None for an exempt one.

    `replaces` names an earlier call of the page, which ends. `token` is that of a call to resume, of which the page
    has received `received` messages; where that call is lost too, a new one takes `said`. `ticket` is the caller's
    place in the queue. `record`: the caller agrees that the call is recorded. `page` is a name that the page has given
    itself; another one than before resumes a call only with `take`, and has it from then on.
    """

    offer: Offer | None
    client: str | None = None
    replaces: str | None = None
    token: str | None = None
    received: int = 0
    said: tuple[Said, ...] = ()
    ticket: str | None = None
    record: bool = False
    page: str | None = None
    take: bool = False


def read_request(body: Mapping[str, object], client: str | None) -> CallRequest:
    """Raises BadInput that says what is wrong."""
    received = body.get("received", 0)
    if isinstance(received, bool) or not isinstance(received, int) or received < 0:
        raise BadInput("received must be the number of messages that the page has got.")
    over_socket = body.get("transport") == "websocket"
    return CallRequest(
        None if over_socket else read_offer(body.get("sdp"), body.get("type")),
        client,
        replaces=_token(body, "replaces"),
        token=_token(body, "resume"),
        received=received,
        said=_said(body.get("said", [])),
        ticket=_token(body, "ticket"),
        record=body.get("record") is True,
        page=_token(body, "page"),
        take=body.get("take") is True,
    )


def _token(body: Mapping[str, object], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST_TOKEN else None


def _said(value: object) -> tuple[Said, ...]:
    """The last turns, as many as fit."""
    if not isinstance(value, list) or len(value) > MOST_SAID:
        raise BadInput(f"said must be a list of at most {MOST_SAID} turns.")
    turns, left = list[Said](), LONGEST_SAID
    for each in reversed(value):
        role, text = (each.get("role"), each.get("text")) if isinstance(each, dict) else (None, None)
        if role not in ("user", "assistant") or not isinstance(text, str):
            raise BadInput('Each turn of said must be {"role": "user" or "assistant", "text": what was said}.')
        text = text.encode("utf-8", "replace").decode().strip()
        left -= len(text)
        if left < 0:
            break
        if text:
            turns.append(Said(role == "user", text))
    return tuple(reversed(turns))
