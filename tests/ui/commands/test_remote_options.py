"""--engine realtime --url: the server that hears and speaks in calls, and what the user is shown of it.

Also tests `ui/host/privacy.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.engines.settings import RealtimeSettings
from dialogue.errors import BadInput
from stream.models.setup import SETUPS
from ui.command_line import parser
from ui.commands.remote_options import with_remote
from ui.host.privacy import privacy, sent_elsewhere

HERE = replace(SETUPS["laptop"], engine=RealtimeSettings())


def test_a_realtime_server_is_named_with_its_key_and_model(tmp_path: Path) -> None:
    key, url = tmp_path / "key", "ws://box:8000/v1/realtime?mode=audio"
    key.write_text("sk-123\n")
    given = parser().parse_args(["run", "--url", url, "--remote-model", "o45", "--remote-key-file", str(key)])
    setup = with_remote(HERE, given)
    assert setup.engine == RealtimeSettings(url=url, model="o45", api_key="sk-123")
    assert "sk-123" not in repr(setup)
    assert sent_elsewhere(setup) == "sound" and url in privacy(setup) and "pictures" not in privacy(setup)
    seeing = replace(setup, engine=RealtimeSettings(url="ws://box/v1"))
    assert sent_elsewhere(seeing) == "sound_with_pictures" and "pictures of the camera too" in privacy(seeing)


@pytest.mark.parametrize(
    ("given", "words"),
    [((), "needs --remote-url"), (("--url", "ws://box/v1", "--remote-sees"), "needs --setup remote")],
)
def test_contradictions_are_named(given: tuple[str, ...], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        with_remote(HERE, parser().parse_args(["run", *given]))
