"""Messages in OpenAI's shape; what a client sends is never a path on the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dialogue.errors import BadInput
from ui.openai.requests import history_of


def shown(address: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": address}]}]


def test_a_picture_comes_in_a_data_url() -> None:
    [message] = history_of(shown({"url": "data:image/png;base64,aGk="}))
    assert message["content"] == [{"type": "image", "image": b"hi"}]


def test_a_picture_of_the_server_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "private.png"
    Image.new("RGB", (8, 8)).save(file)
    for address in (str(file), {"url": str(file)}, {"url": f"file://{file}"}, {"path": str(file)}):
        with pytest.raises(BadInput, match="data URL"):
            history_of(shown(address))


def test_a_film_comes_in_a_data_url() -> None:
    parts = [{"type": "video_url", "video_url": {"url": "data:video/mp4;base64,aGk="}}]
    [message] = history_of([{"role": "user", "content": parts}])
    assert message["content"] == [{"type": "video", "video": b"hi"}]
