"""API keys: their limits, their file, and short-lived secrets. Times are parameters."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from dialogue.errors import AssistantError, BadInput, Busy
from ui.openai.api_keys import DAY_S, EVERYONE, ApiKey, ApiKeys, authorization_in, bearer, digest, read_api_keys


class KeyClock:
    at = 1000.0 * DAY_S

    def __call__(self) -> float:
        return self.at


def test_a_key_has_a_number_of_sessions_at_a_time() -> None:
    key = ApiKey("bridge", sessions=2)
    with ExitStack() as held:
        held.enter_context(key.session())
        held.enter_context(key.session())
        with pytest.raises(Busy, match="2 sessions"):
            held.enter_context(key.session())
    with key.session() as left_s:
        assert left_s is None


def test_minutes_are_used_up_and_come_back_the_next_day() -> None:
    clock = KeyClock()
    key = ApiKey("bridge", minutes_per_day=2, now=clock)
    with key.session() as left_s:
        assert left_s == 120
        clock.at += 90
    assert key.left_s() == 30
    with key.session():
        clock.at += 90
    with pytest.raises(Busy, match="minutes"), key.session():
        pass
    clock.at += DAY_S
    with key.session() as left_s:
        assert left_s == 120


def test_a_secret_opens_sessions_of_its_key_until_it_expires() -> None:
    clock = KeyClock()
    key = ApiKey("bridge")
    keys = ApiKeys({digest("a key of some length"): key}, clock)
    value, expires_at = keys.new_secret("a key of some length", {"instructions": "Be kind."}, 600)
    assert value.startswith("ek_") and expires_at == clock.at + 600
    found = keys.secret(value)
    assert found is not None and found.session == {"instructions": "Be kind."}
    assert keys.key_for(value) is key and keys.find(value) is None
    clock.at += 601
    assert keys.secret(value) is None and keys.key_for(value).name == EVERYONE


@pytest.mark.parametrize("seconds", [None, True, 9, 7201, "600", 60.5])
def test_a_secret_is_short_lived(seconds: object) -> None:
    with pytest.raises(BadInput):
        ApiKeys().new_secret(None, None, seconds)


def test_browsers_send_a_key_as_a_subprotocol() -> None:
    headers = {"sec-websocket-protocol": "realtime, openai-insecure-api-key.abc"}
    assert bearer(authorization_in(headers)) == "abc"
    assert bearer(authorization_in({"authorization": "Bearer  xyz "})) == "xyz"
    assert bearer("Basic abc") is None and bearer(None) is None


def test_an_allowed_site_counts_without_any_key() -> None:
    keys = ApiKeys()
    keys.allow(["https://app.example/"])
    assert (keys or ApiKeys()).origins == {"https://app.example"} and not keys.required


def test_keys_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text('[[key]]\nname = "bridge"\nkey = "0123456789abcdef"\nsessions = 1\nminutes_per_day = 60\n')
    key = read_api_keys(file).find("0123456789abcdef")
    assert key is not None and key.name == "bridge" and key.left_s() == 3600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[key",
        "key = 3",
        '[[key]]\nname = "x"\n',
        '[[key]]\nname = "x"\nkey = "short"\n',
        '[[key]]\nname = "x"\nkey = "0123456789abcde f"\n',
        '[[key]]\nname = "x"\nkey = "0123456789abcdef"\nhours = 3\n',
        '[[key]]\nname = "x"\nkey = "0123456789abcdef"\nsessions = -1\n',
    ],
)
def test_a_faulty_file_is_refused_without_showing_a_key(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    with pytest.raises(AssistantError) as refused:
        read_api_keys(file)
    assert "0123456789" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="cannot be read"):
        read_api_keys(tmp_path / "none.toml")
