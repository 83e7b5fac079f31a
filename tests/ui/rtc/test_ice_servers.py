"""ICE servers for browsers: addresses that browsers take, credentials that TURN servers check."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from dialogue.errors import AssistantError
from ui.rtc.ice_servers import VALID_S, IceServers

RELAYS = ("turn:relay.example:3478?transport=udp", "turns:relay.example:5349")


def test_stun_needs_no_credentials_and_turn_gets_some_that_expire() -> None:
    stun, turn = IceServers(("stun:stun.example:3478", *RELAYS), "a shared secret").for_browser(1000.5)
    assert stun == {"urls": "stun:stun.example:3478"}
    assert turn["urls"] == list(RELAYS)
    assert turn["username"] == f"{1000 + VALID_S}:page"
    expected = hmac.new(b"a shared secret", turn["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn["credential"]) == expected


def test_without_servers_a_browser_gets_none() -> None:
    assert IceServers().for_browser(0.0) == []


@pytest.mark.parametrize("url", ["relay.example", "http://relay.example", "turn:", "stun:a b", "turn:x?transport=sctp"])
def test_what_is_no_ice_server_is_refused(url: str) -> None:
    with pytest.raises(AssistantError, match="no ICE server"):
        IceServers((url,), "secret")


def test_a_relay_needs_its_secret() -> None:
    with pytest.raises(AssistantError, match="secret"):
        IceServers(RELAYS)
    assert "a shared secret" not in repr(IceServers(RELAYS, "a shared secret"))
