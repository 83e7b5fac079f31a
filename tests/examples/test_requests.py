"""The examples that ask about pictures, recordings and histories do what their first line says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from audio.sound_file import read_sound
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from tests.examples.conftest import EXAMPLES, Run


def test_a_sign_is_read_by_the_program_as_a_user_starts_it(media: Path) -> None:
    program = [
        sys.executable,
        str(EXAMPLES / "describe_picture.py"),
        str(media / "sign.png"),
        "What does the sign say?",
    ]
    done = subprocess.run(program, cwd=EXAMPLES.parent, capture_output=True, text=True, timeout=120, check=False)
    assert "GATE 7" in done.stdout, done.stderr


def test_a_picture_without_a_question_is_described(run: Run, media: Path) -> None:
    assert "person" in run("describe_picture.py", [str(media / "person.jpg")])


def test_a_chat_knows_what_was_said_before(run: Run) -> None:
    first, second = run("stream_chat.py", ["What is 12 times 3?", "", "Hello!"]).splitlines()
    assert "36" in first
    assert second


def test_a_recording_is_transcribed_and_answered_aloud(run: Run, media: Path, tmp_path: Path) -> None:
    said, answer = run("transcribe_and_answer.py", [str(media / "time.wav"), str(tmp_path / "answer.wav")]).splitlines()
    assert "what time is it" in said.lower()
    assert answer.startswith("answer: It")
    assert len(read_sound(tmp_path / "answer.wav").samples) > 8_000


def test_the_function_of_own_tool_reaches_the_model(run: Run, tmp_path: Path) -> None:
    """The tiny model has random weights, so what it answers means nothing; that a MiniCPM3 calls functions is shown in
    tests/stream/session/test_session_minicpm3_tools.py."""
    folder = write_tiny(Kind.TEXT3, tmp_path / "minicpm3")
    assert run("own_tool.py", [str(folder), "How many screws A-17 are left?"]).strip()
