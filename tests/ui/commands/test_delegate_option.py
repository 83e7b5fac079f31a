"""--delegate: an address or a file, its key, and what the user is shown of it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.engines.settings import RemoteSettings, ScriptedSettings
from dialogue.errors import BadInput
from stream.models.setup import SETUPS, DelegateSettings
from ui.command_line import parser
from ui.commands.delegate_option import with_delegate
from ui.commands.remote_options import api_key
from ui.host.privacy import privacy, sent_elsewhere

LAPTOP = SETUPS["laptop"]
URL = "http://gpu-box:8000/v1"


def options(*given: str) -> argparse.Namespace:
    return parser().parse_args(["run", *given])


def test_by_default_nothing_leaves_the_machine() -> None:
    setup = with_delegate(LAPTOP, options())
    assert setup.delegate is None
    assert sent_elsewhere(setup) is None
    assert privacy(setup) == "Nothing that you say or show leaves this machine."


def test_a_server_gets_its_key_from_a_file_and_is_named(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-123\n")
    given = options("--delegate", URL, "--delegate-key-file", str(key), "--delegate-sees", "--delegate-model", "big")
    setup = with_delegate(LAPTOP, given)
    assert setup.delegate == DelegateSettings(URL, model="big", api_key="sk-123", sees=True)
    assert "sk-123" not in repr(setup)
    assert sent_elsewhere(setup) == "questions_with_pictures"
    assert URL in privacy(setup) and "the camera's picture" in privacy(setup)


def test_a_file_stays_on_the_machine(tmp_path: Path) -> None:
    model = tmp_path / "large.gguf"
    model.touch()
    setup = with_delegate(LAPTOP, options("--delegate", str(model)))
    assert setup.delegate == DelegateSettings(model_path=model)
    assert sent_elsewhere(setup) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--delegate-sees"], "--delegate-sees needs --delegate"),
        (["--delegate", "gpu-box"], "neither an address"),
        (["--delegate", "/nowhere/model.gguf"], "neither an address"),
        (["--delegate", URL, "--delegate-key-file", "/nowhere"], "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused(given: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        with_delegate(LAPTOP, options(*given))


def test_an_engine_that_passes_nothing_on_is_refused() -> None:
    with pytest.raises(BadInput, match="passes no questions on"):
        with_delegate(replace(LAPTOP, engine=ScriptedSettings()), options("--delegate", URL))


def test_the_key_comes_from_the_option_the_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text("from-the-file\n\n")
    monkeypatch.setenv("A_KEY", "from-the-environment")
    assert api_key("given", file, "A_KEY") == "given"
    assert api_key(None, file, "A_KEY") == "from-the-file"
    assert api_key(None, None, "A_KEY") == "from-the-environment"
    assert api_key(None, None, "NO_KEY") is None
    monkeypatch.setenv("A_KEY", "two\nlines")
    with pytest.raises(BadInput, match="no key has"):
        api_key(None, None, "A_KEY")
    file.write_text("\nkey")
    with pytest.raises(BadInput, match="empty line"):
        api_key(None, file, "A_KEY")


def test_a_key_is_shown_nowhere() -> None:
    remote = RemoteSettings(url=URL, api_key="sk-123", sees=True)
    assert "sk-123" not in repr(remote)
    setup = replace(SETUPS["remote"], engine=remote)
    assert sent_elsewhere(setup) == "pictures"
    assert "sk-123" not in privacy(setup)
