"""A page shows files in its own call, within limits; anything else is refused with a sentence.

Also tests `ui/call/uploads.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.runtime.shown import FileShown
from tests.ui.call.test_call import run
from tests.ui.caller import Caller, house
from tests.ui.tracks import Tone
from ui.call import uploads
from ui.call.uploads import safe_name


def test_a_file_reaches_the_session_of_its_call_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILE_BYTES", 10)

    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as one:
            await one.call()
            [session] = server.sessions
            path = f"/call/{one.session}/show"

            async def show(
                number: object, body: bytes = b"abc", name: str = "a.png", secret: str = ""
            ) -> tuple[int, str]:
                url = f"{path}/{number}?name={name}"
                answer = await server.client.post(
                    url, content=body, headers={"Omnilive-Call": secret or one.answer["resume"]}
                )
                return answer.status_code, answer.json().get("error", {}).get("code", "")

            assert await show(1, name="..%2F..%2Fholiday.png") == (200, "")
            [shown] = [event for event in session.perceived if isinstance(event, FileShown)]
            assert (shown.number, shown.path.name, shown.path.read_bytes()) == (1, "holiday.png", b"abc")
            assert await show(1) == (400, "bad_number")
            assert await show("x") == (400, "bad_number")
            assert await show(2, b"") == (400, "bad_file")
            assert await show(2, secret="wrong") == (404, "no_such_call")
            assert await show(2, b"more than ten bytes") == (413, "too_large")
            assert await show(2) == (200, "")
            folder = shown.path.parents[2]
        assert not folder.exists()

    run(story())


def test_names_lead_nowhere_and_keep_their_kind() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\a\\Foto 1.JPG") == "Foto 1.JPG"
    assert safe_name("a\x00b\u202e.pdf") == "ab.pdf"
    assert safe_name("") == safe_name("...") == "file"
    assert safe_name("x" * 500 + ".mp4") == "x" * 100 + ".mp4"
