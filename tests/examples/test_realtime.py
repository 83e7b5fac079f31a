"""The examples of the realtime dialects: stock clients of other projects, and a running server with its real models."""

from __future__ import annotations

import re
from pathlib import Path

import cv2

from audio.sound_file import write_wav
from audio.voices.voice import Synthesizer
from tests.browser.served import ServerProcess
from tests.examples.conftest import Run


def spoken_s(printed: str) -> float:
    length = re.search(r"spoken in (\d+\.\d) s", printed)
    assert length is not None, printed
    return float(length[1])


def test_openais_client_asks_by_text(run: Run, server: ServerProcess) -> None:
    printed = run("openai_realtime.py", [server.url, "What is 6 times 7?"])
    assert "42" in printed or "forty" in printed
    assert spoken_s(printed) > 0.3


def test_openbmbs_client_asks_by_voice_about_a_picture(
    run: Run, server: ServerProcess, media: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "sign.jpg"
    cv2.imwrite(str(picture), cv2.imread(str(media / "sign.png")))
    printed = run("minicpm_realtime.py", [server.url, str(media / "time.wav"), str(picture)])
    assert re.search(r"^you: what time is it", printed, re.IGNORECASE | re.MULTILINE)
    assert spoken_s(printed) > 0.3


def test_openais_live_client_answers_what_is_passed_on_to_it(run: Run, server: ServerProcess, tmp_path: Path) -> None:
    voice = Synthesizer(threads=1)
    write_wav(tmp_path / "moon.wav", voice.say("Ask the big model how far the moon is."), voice.rate)
    printed = run("gpt_live.py", [server.url, str(tmp_path / "moon.wav"), "It is very far away indeed."])
    assert "passed on to client" in printed
    assert "It is very far away indeed." in printed.partition("passed on")[2]
    assert spoken_s(printed) > 0.3
    assert "close_requested" in printed
