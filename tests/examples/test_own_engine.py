"""The example package: omnilive finds its engine, recogniser, voice and detector, and a call runs with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CALL = """
import asyncio
from dataclasses import replace
import numpy as np
from audio.chunk import Chunk
from dialogue.engines.registry import entry_named
from stream.models.needs import weights_needed
from stream.models.parts import open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.runtime.events import FrameReceived, ReplyEnded, SceneSeen, TextTyped
from stream.session.session import Session
from ui.commands.subparsers import engine_settings
from ui.host.home import weight_store
from vision.picture import Picture

async def call():
    engine = engine_settings("parrot", ["prefix=Polly says"])
    setup = replace(SETUPS["laptop"], engine=engine, asr="energy", tts="beeps", detector="lamps")
    assert weights_needed(setup, weight_store()) == [
        "silero-vad", "smart-turn-v3.2", "resemblyzer-ge2e", "efficientnet-lite0"
    ]
    parts = await open_parts(setup, weight_store())
    assert parts.transcriber.transcribe(np.full(16_000, 0.5, np.float32)).text == "1.0 loud seconds"
    session = Session("call", parts, setup)
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:60, :80] = 255
    async def listen():
        lamps = False
        async for event in session.events():
            if isinstance(event, SceneSeen):
                lamps = lamps or any(thing.label == "lamp" for thing in event.objects)
            if lamps and isinstance(event, ReplyEnded):
                print(event.said.strip())
                return session.close()
    async def show():
        for number in range(200):
            session.push(FrameReceived(Picture(picture, session.now())))
            if number == 20:
                session.push(TextTyped("hello there"))
            await asyncio.sleep(0.1)
    running, showing = asyncio.create_task(session.run()), asyncio.create_task(show())
    async def play():
        while True:
            session.playback.pull(960)
            await asyncio.sleep(0.02)
    playing = asyncio.create_task(play())
    await asyncio.wait_for(listen(), 20)
    await running
    showing.cancel(), playing.cancel()
    parts.close()

asyncio.run(call())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the example package installed."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target"]
    subprocess.run([*command, str(folder), str(ROOT / "examples" / "own_engine")], check=True, cwd=folder)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def ran(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_call_runs_with_all_four_models_of_the_package(installed: dict[str, str], weights: object) -> None:
    done = ran(installed, "-c", CALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Polly says hello there"


def test_the_command_line_offers_them(installed: dict[str, str]) -> None:
    listed = ran(installed, "-m", "ui", "talk", "--help").stdout
    assert "energy" in listed and "beeps" in listed and "lamps" in listed
    refused = ran(installed, "-m", "ui", "talk", "--text", "--engine", "parrot", "--engine-option", "colour=red")
    assert refused.returncode == 2
    assert "has no setting 'colour'; it has context_tokens, prefix" in refused.stderr
