"""Where a server listens, what a person opens, and what is said when it cannot."""

from __future__ import annotations

import socket

import pytest

from dialogue.errors import AssistantError
from ui.host.address import Address, is_loopback, listen, machine_addresses


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.2", "example.com", "127.0.0.1.example.com"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_what_a_person_opens() -> None:
    assert Address("127.0.0.1", 8080).url() == "http://127.0.0.1:8080/"
    assert Address("::1", 8080).url() == "http://[::1]:8080/"
    assert Address("192.168.1.2", 8443).url("abc") == "https://192.168.1.2:8443/#token=abc"
    shown = next(iter(machine_addresses()), "localhost")
    assert Address("0.0.0.0", 8443).url("abc").startswith("https://")
    assert shown in Address("0.0.0.0", 8443).url("abc")


def test_names_off_loopback_include_every_address_of_the_machine() -> None:
    assert set(machine_addresses()) <= set(Address("0.0.0.0", 1).names)
    assert "0.0.0.0" not in Address("0.0.0.0", 1).names
    assert Address("my.example", 1).names[0] == "my.example"


def test_port_0_takes_any_port() -> None:
    listening, address = listen("127.0.0.1", 0)
    with listening:
        assert address.port == listening.getsockname()[1] > 0


def test_a_taken_port_names_the_option_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(AssistantError, match="--port") as told:
        listen("127.0.0.1", other.getsockname()[1])
    assert "taken" in str(told.value)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "a" * 300])
def test_an_address_that_is_not_ours_names_the_option_to_change(host: str) -> None:
    with pytest.raises(AssistantError, match="--host"):
        listen(host, 0)
