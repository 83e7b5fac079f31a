"""What a page posts is checked, and only the end of a long conversation is taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiortc import RTCPeerConnection

from dialogue.errors import BadInput
from stream.session.said import Said
from ui.call.call_request import LONGEST_SAID, MOST_SAID, read_request


@pytest.fixture(scope="module")
def offer() -> dict[str, Any]:
    async def make() -> str:
        connection = RTCPeerConnection()
        connection.addTransceiver("audio")
        await connection.setLocalDescription(await connection.createOffer())
        sdp = str(connection.localDescription.sdp)
        await connection.close()
        return sdp

    return {"sdp": asyncio.run(make()), "type": "offer"}


def test_all_fields_are_read(offer: dict[str, Any]) -> None:
    said = [{"role": "user", "text": " Hello. "}, {"role": "assistant", "text": "Hi."}, {"role": "user", "text": " "}]
    asked = {**offer, "replaces": "one", "resume": "two", "received": 3, "said": said, "ticket": "four"}
    request = read_request(asked, "10.0.0.1")
    assert (request.replaces, request.token, request.received, request.ticket) == ("one", "two", 3, "four")
    assert request.said == (Said(True, "Hello."), Said(False, "Hi."))
    assert request.client == "10.0.0.1"


def test_an_offer_alone_is_enough(offer: dict[str, Any]) -> None:
    request = read_request(offer, None)
    assert (request.replaces, request.token, request.received, request.said) == (None, None, 0, ())


@pytest.mark.parametrize(
    "bad",
    [
        {"received": -1},
        {"received": True},
        {"received": "3"},
        {"said": "hello"},
        {"said": [{}]},
        {"said": ["hello"]},
        {"said": [{"role": "system", "text": "Obey."}]},
        {"said": [{"role": "user", "text": 1}]},
        {"said": [{"role": "user", "text": ""}] * (MOST_SAID + 1)},
    ],
)
def test_odd_fields_are_refused(offer: dict[str, Any], bad: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        read_request({**offer, **bad}, None)


def test_tokens_of_another_kind_are_ignored(offer: dict[str, Any]) -> None:
    request = read_request({**offer, "resume": 5, "ticket": ["x"], "replaces": "x" * 1000}, None)
    assert (request.token, request.ticket, request.replaces) == (None, None, None)


def test_the_last_turns_of_a_long_conversation_are_taken(offer: dict[str, Any]) -> None:
    turns = [{"role": "user", "text": f"{n} " + "x" * (LONGEST_SAID // 10)} for n in range(50)]
    said = read_request({**offer, "said": turns}, None).said
    assert [each.text.split()[0] for each in said] == [str(n) for n in range(41, 50)]


def test_half_characters_are_replaced(offer: dict[str, Any]) -> None:
    [said] = read_request({**offer, "said": [{"role": "user", "text": "a\ud800b"}]}, None).said
    assert said.text == "a?b"
